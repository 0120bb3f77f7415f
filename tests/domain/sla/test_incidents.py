"""Working on incidents: what each verb does to the clocks, and what it refuses."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain import sla
from portal.domain.errors import Invalid, Refused, StaleVersion
from portal.domain.sla.models import Incident
from portal.domain.sla.states import TABLE, Command, State, allowed, state_of
from portal.domain.uptime.models import Outage
from portal.outbox.models import EventRecord
from tests.factories import make_contact, make_policy, make_service

pytestmark = pytest.mark.usefixtures("session")
FRIDAY_15 = datetime(2026, 11, 20, 15, tzinfo=UTC)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def service(clock):
    """Monday to Friday, nine to five; critical: response in 1 h, resolution in 8 h; high: 2 h and 16 h."""
    clock.set(FRIDAY_15)
    return make_service(status="active", sla_policy_id=make_policy().id)


def opened(service, when=FRIDAY_15, severity="critical", **facts):
    with transaction():
        return sla.open_incident(
            service_id=service.id, title="Mail is down", severity=severity, by=None, at=when, **facts
        )


def done(verb, incident, when, **facts):
    with transaction():
        return verb(incident_id=incident.id, by=facts.pop("by", None), at=at(when), **facts)


def kinds(incident):
    rows = sa.select(EventRecord.kind).where(EventRecord.payload["incident_id"].as_integer() == incident.id)
    return list(db.session.scalars(rows.order_by(EventRecord.id)))


def breaches_of(service):
    db.session.expire_all()
    return service.sla_breaches_count, service.last_sla_breach_at


def test_targets_are_copied_when_it_opens_and_stay_when_the_policy_changes(service):
    incident = opened(service)
    with transaction():
        for target in service.sla_policy.targets:
            target.response_minutes = 1
    assert (incident.response_minutes, incident.resolution_minutes) == (60, 480)
    assert incident.response_due_at == at("2026-11-20 16:00")
    assert incident.resolution_due_at == at("2026-11-23 15:00")
    assert incident.resolution_warn_at == at("2026-11-23 13:00")


def test_four_hours_from_friday_afternoon_are_due_on_monday_morning(service):
    with transaction():
        critical = next(each for each in service.sla_policy.targets if each.severity == "critical")
        critical.response_minutes = 240
    assert opened(service).response_due_at == at("2026-11-23 11:00")


def test_without_a_policy_nothing_is_promised_and_nothing_is_due(clock):
    incident = opened(make_service(status="active"))
    assert (incident.response_due_at, incident.resolution_due_at) == (None, None)


def test_a_service_that_has_ended_has_no_new_incidents(clock):
    with pytest.raises(Refused, match="has ended"):
        opened(make_service(status="cancelled"))


def test_what_is_missing_is_said_field_by_field(service):
    with pytest.raises(Invalid) as refused, transaction():
        sla.open_incident(service_id=service.id, title=" ", severity="urgent", by=None, at=FRIDAY_15)
    assert refused.value.faults.keys() == {"title", "severity"}


def test_the_affected_contact_is_one_of_the_client(service):
    ours = make_contact(service.client)
    assert opened(service, contact_id=ours.id).contact_id == ours.id
    strange = make_contact(make_service().client)
    with pytest.raises(Invalid, match="contact of the client"):
        opened(service, contact_id=strange.id)


def test_waiting_moves_the_deadline_by_the_working_minutes_of_the_pause(service):
    incident = opened(service)
    done(sla.wait, incident, "2026-11-20 16:00", reason="Which mailbox?")
    assert incident.resolution_due_at == at("2026-11-23 15:00")
    done(sla.resume, incident, "2026-11-23 10:00")
    assert incident.resolution_due_at == at("2026-11-23 17:00")
    assert incident.resolution_warn_at == at("2026-11-23 15:00")
    assert [(each.began_at, each.ended_at, each.reason) for each in incident.pauses] == [
        (at("2026-11-20 16:00"), at("2026-11-23 10:00"), "Which mailbox?")
    ]


def test_asking_the_client_is_an_answer(service, cast):
    incident = done(sla.wait, opened(service), "2026-11-20 15:30", reason="Which mailbox?", by=cast.tom.id)
    assert (incident.acknowledged_at, incident.owner_id) == (at("2026-11-20 15:30"), cast.tom.id)


def test_a_breach_is_not_undone_by_a_pause(service):
    incident = opened(service)
    done(sla.acknowledge, incident, "2026-11-20 15:10")
    done(sla.wait, incident, "2026-11-23 16:00", reason="Which mailbox?")
    assert breaches_of(service) == (1, at("2026-11-23 15:00"))
    done(sla.resume, incident, "2026-11-24 16:00")
    assert incident.resolution_due_at == at("2026-11-23 15:00")
    done(sla.resolve, incident, "2026-11-24 16:30", resolution="Restarted")
    assert incident.resolution_breached_at == at("2026-11-23 15:00")
    assert breaches_of(service)[0] == 1


def test_who_acknowledges_late_has_breached_the_response_before_any_sweep(service):
    incident = done(sla.acknowledge, opened(service), "2026-11-20 16:01")
    assert incident.response_breached_at == at("2026-11-20 16:00")
    assert breaches_of(service) == (1, at("2026-11-20 16:00"))
    assert kinds(incident).count("service_sla_breached") == 1


def test_on_the_very_second_a_target_is_met(service):
    incident = done(sla.acknowledge, opened(service), "2026-11-20 16:00")
    done(sla.resolve, incident, "2026-11-23 15:00", resolution="Restarted")
    assert not incident.is_breached


def test_resolving_at_the_first_touch_answers_too_and_ends_a_pause(service):
    incident = opened(service)
    done(sla.wait, incident, "2026-11-20 15:30", reason="Which mailbox?")
    done(sla.resolve, incident, "2026-11-26 12:00", resolution="It was theirs")
    assert state_of(incident) is State.RESOLVED
    assert not incident.is_breached
    assert len(incident.pauses) == 1


def test_the_time_for_which_it_was_taken_to_be_resolved_does_not_count(service):
    incident = opened(service)
    done(sla.resolve, incident, "2026-11-20 15:30", resolution="Restarted")
    done(sla.reopen, incident, "2026-11-23 15:30", reason="Down again")
    assert state_of(incident) is State.ACKNOWLEDGED
    assert incident.resolution_due_at == at("2026-11-24 15:00")


def test_an_incident_that_is_downtime_ends_it_when_it_is_resolved(service):
    incident = opened(service, is_downtime=True)
    outage = db.session.scalars(sa.select(Outage).filter_by(incident_id=incident.id)).one()
    assert (outage.started_at, outage.ended_at) == (FRIDAY_15, None)
    done(sla.link_downtime, incident, "2026-11-20 15:20", started_at=at("2026-11-20 14:00"))
    done(sla.resolve, incident, "2026-11-20 16:30", resolution="Restarted")
    db.session.refresh(outage)
    assert (outage.started_at, outage.ended_at) == (at("2026-11-20 14:00"), at("2026-11-20 16:30"))


@pytest.mark.parametrize(
    ("span", "field"),
    [
        ({"started_at": "2026-11-20 15:30"}, "started_at"),
        ({"started_at": "2026-11-20 14:00", "ended_at": "2026-11-20 13:00"}, "ended_at"),
        ({"started_at": "2026-11-20 14:00", "ended_at": "2026-11-20 15:30"}, "ended_at"),
    ],
)
def test_downtime_lies_behind_us_and_runs_forward(service, span, field):
    spans = {name: at(text) for name, text in span.items()}
    incident = opened(service)
    with pytest.raises(Invalid) as refused:
        done(sla.link_downtime, incident, "2026-11-20 15:10", **spans)
    assert list(refused.value.faults) == [field]


def test_a_breach_recorded_by_hand_counts_once_and_keeps_its_reason(service):
    incident = opened(service)
    done(sla.record_breach, incident, "2026-11-20 15:10", reason="We promised to call back")
    assert (incident.breach_reason, incident.resolution_breached_at) == (
        "We promised to call back", at("2026-11-20 15:10"),
    )  # fmt: skip
    assert breaches_of(service) == (1, at("2026-11-20 15:10"))
    with pytest.raises(Refused, match="counts once"):
        done(sla.record_breach, incident, "2026-11-20 15:20", reason="Again")
    done(sla.record_breach, incident, "2026-11-20 15:30", reason="Nobody called", target="response")
    assert breaches_of(service)[0] == 2


def test_words_are_asked_for_where_somebody_will_read_them(service):
    incident = opened(service)
    for verb, field in ((sla.wait, "reason"), (sla.resolve, "resolution"), (sla.record_breach, "reason")):
        with pytest.raises(Invalid) as refused:
            done(verb, incident, "2026-11-20 15:10", **{field: "  "})
        assert list(refused.value.faults) == [field]
    with pytest.raises(Invalid):
        done(sla.comment, incident, "2026-11-20 15:10", text="")


def test_a_comment_is_kept_with_its_writer(service, cast):
    incident = opened(service)
    done(sla.comment, incident, "2026-11-20 15:10", text="Vendor called", by=cast.tom.id)
    [note] = incident.comments
    assert (note.text, note.user_id, note.written_at) == (
        "Vendor called", cast.tom.id, at("2026-11-20 15:10"),
    )  # fmt: skip
    assert kinds(incident) == ["incident_opened", "incident_commented"]


TO = {
    State.NEW: (),
    State.ACKNOWLEDGED: (Command.ACKNOWLEDGE,),
    State.WAITING: (Command.ACKNOWLEDGE, Command.WAIT),
    State.RESOLVED: (Command.RESOLVE,),
}
VERBS = {
    Command.ACKNOWLEDGE: (sla.acknowledge, {}),
    Command.WAIT: (sla.wait, {"reason": "Which mailbox?"}),
    Command.RESUME: (sla.resume, {}),
    Command.RESOLVE: (sla.resolve, {"resolution": "Restarted"}),
    Command.REOPEN: (sla.reopen, {"reason": "Down again"}),
}


def led_to(state, service):
    incident = opened(service)
    for minute, command in enumerate(TO[state], start=1):
        verb, words = VERBS[command]
        done(verb, incident, f"2026-11-20 15:0{minute}", **words)
    assert state_of(incident) is state
    return incident


@pytest.mark.parametrize("command", VERBS)
@pytest.mark.parametrize("state", State)
def test_each_command_does_in_each_state_what_the_table_says(service, state, command):
    incident = led_to(state, service)
    before = kinds(incident)
    verb, words = VERBS[command]
    row = TABLE[command]
    if state not in row.since | row.has_happened:
        with pytest.raises(Refused, match="does not allow"):
            done(verb, incident, "2026-11-20 15:10", **words)
        assert kinds(incident) == before
        return
    done(verb, incident, "2026-11-20 15:10", **words)
    happened = len(kinds(incident)) > len(before)
    assert happened == (state in row.since)
    assert bool(incident.already_done_message) == (state in row.has_happened)


def test_a_new_incident_offers_what_can_be_done_with_it():
    assert allowed(State.NEW)[:3] == [Command.ACKNOWLEDGE, Command.WAIT, Command.RESOLVE]


def test_whoever_saw_an_older_version_is_told_and_changes_nothing(service):
    incident = opened(service)
    seen = incident.version
    done(sla.acknowledge, incident, "2026-11-20 15:10", version=seen)
    with pytest.raises(StaleVersion):
        done(sla.resolve, incident, "2026-11-20 15:20", resolution="Restarted", version=seen)
    db.session.expire_all()
    assert db.session.get_one(Incident, incident.id).resolved_at is None


def test_every_move_is_recorded_with_what_was_and_what_is(service, cast):
    incident = opened(service)
    done(sla.wait, incident, "2026-11-20 16:00", reason="Which mailbox?", by=cast.tom.id)
    done(sla.resume, incident, "2026-11-20 16:30", by=cast.tom.id)
    row = db.session.scalars(sa.select(EventRecord).filter_by(kind="incident_resumed")).one()
    assert row.actor_id == cast.tom.id
    before, after = row.payload["changes"]["resolution_due_at"]
    assert datetime.fromisoformat(after) - datetime.fromisoformat(before) == timedelta(minutes=30)
