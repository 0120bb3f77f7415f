"""The facts of a report against rows in the database, and the life of a request."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import reports
from portal.domain.errors import Invalid, NotFound, Refused
from portal.domain.health.models import HealthCheck
from portal.domain.lifecycle import ClientService
from portal.domain.periods import Period
from portal.domain.reports import Printed, SlaReport, reading, rules
from portal.domain.sla.models import Incident
from portal.domain.sla.rules import Judgement
from portal.domain.uptime.models import MaintenanceWindow, Outage
from portal.domain.words import JobState, Severity
from tests.factories import make_calendar, make_client, make_policy, make_service

OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def utc(*when: int) -> datetime:
    return datetime(2026, *when, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_noon(clock, session):
    """20 Nov 2026."""


@pytest.fixture
def client():
    return make_client(name="Quarry Dental", timezone="UTC")


def monitored(client, **facts) -> ClientService:
    """A service that ran all of October, at 99.9 %, with working hours Mon–Fri 09:00–17:00 UTC."""
    policy = make_policy(calendar=make_calendar())
    service = make_service(client=client, status="active", start_date=date(2026, 9, 1), **facts)
    with transaction():
        found = db.session.get_one(ClientService, service.id)
        found.activated_at = found.monitored_from = utc(9, 1)
        found.sla_policy_id = policy.id
    return found


def add(*rows) -> None:
    with transaction():
        db.session.add_all(rows)


def october(service, *, whole_client=False):
    service_id = None if whole_client else service.id
    return reports.facts(
        client_id=service.client_id, service_id=service_id, period=OCTOBER, at=portal_clock.now()
    )


def outage(service, start, end=None, **facts) -> Outage:
    return Outage(client_service_id=service.id, started_at=start, ended_at=end, **facts)


def incident(service, opened_at, **facts) -> Incident:
    """High: to be answered within 2 hours and resolved within 16."""
    usual = {
        "title": "Disk full",
        "severity": Severity.HIGH,
        "response_minutes": 120,
        "resolution_minutes": 960,
        "response_due_at": opened_at + 2 * HOUR,
        "resolution_due_at": opened_at + 16 * HOUR,
    }
    return Incident(client_service_id=service.id, opened_at=opened_at, **(usual | facts))


def test_overlapping_outages_count_once_and_maintenance_agreed_before_does_not_count(client):
    service = monitored(client)
    add(
        outage(service, utc(10, 5, 10), utc(10, 5, 12)),
        outage(service, utc(10, 5, 11), utc(10, 5, 13)),
        outage(service, utc(10, 9, 2), utc(10, 9, 4)),
        MaintenanceWindow(
            client_service_id=service.id, starts_at=utc(10, 9, 2), ends_at=utc(10, 9, 4), agreed_at=utc(10, 1)
        ),
    )
    (found,) = october(service).services
    assert found.uptime.down == 3 * HOUR
    assert found.uptime.measured == timedelta(days=31) - 2 * HOUR
    assert found.uptime.target == Fraction(999, 1000)
    assert [each.uptime.down for each in found.months[0].days if each.uptime.down] == [3 * HOUR]
    assert [each.counted for each in found.outages] == [2 * HOUR, 2 * HOUR, timedelta()]
    assert found.maintenance[0].counts


def test_maintenance_that_was_agreed_too_late_is_downtime(client):
    service = monitored(client)
    add(
        outage(service, utc(10, 9, 2), utc(10, 9, 4)),
        MaintenanceWindow(
            client_service_id=service.id,
            starts_at=utc(10, 9, 2),
            ends_at=utc(10, 9, 4),
            agreed_at=utc(10, 9, 2),
        ),
    )
    (found,) = october(service).services
    assert (found.uptime.down, found.maintenance[0].counts) == (2 * HOUR, False)


def test_measuring_begins_with_monitoring_and_ends_with_the_service(client):
    service = monitored(client)
    with transaction():
        service.monitored_from = utc(10, 11)
    assert october(service).services[0].uptime.measured == timedelta(days=21)
    with transaction():
        service = db.session.get_one(ClientService, service.id)
        service.status, service.cancelled_at = "cancelled", utc(10, 21)
    assert october(service).services[0].uptime.measured == timedelta(days=10)


def test_a_service_that_is_not_monitored_was_not_measured(client):
    service = monitored(client)
    with transaction():
        service.monitored_from = None
    (found,) = october(service).services
    assert found.uptime.share is None


def test_an_outage_that_is_still_open_runs_until_now(client, clock):
    service = monitored(client)
    clock.set(utc(10, 10, 12))
    add(outage(service, utc(10, 10, 9)))
    report = october(service)
    assert (report.services[0].uptime.down, report.ends_early) == (3 * HOUR, True)
    assert report.services[0].uptime.measured == timedelta(days=9, hours=12)


def test_agreed_hours_limit_what_is_measured_and_hours_in_words_do_not(client):
    service = monitored(client)
    with transaction():
        service.service_hours = "Mon-Fri 08:00-18:00"
    (found,) = october(service).services
    assert found.uptime.measured == 22 * 10 * HOUR
    with transaction():
        db.session.get_one(ClientService, service.id).service_hours = "in the daytime"
    (found,) = october(service).services
    assert (found.uptime.measured, found.measured_hours) == (timedelta(days=31), "in the daytime")


def test_an_incident_uses_working_time(client):
    """Friday 16:00 to Monday 10:00 are two working hours."""
    service = monitored(client)
    add(
        incident(
            service, utc(10, 2, 16), acknowledged_at=utc(10, 2, 16, 30), resolved_at=utc(10, 5, 10),
            resolution_due_at=utc(10, 6, 16),
        )
    )  # fmt: skip
    (found,) = october(service).services[0].incidents
    assert (found.response.used, found.response.judgement) == (30 * MINUTE, Judgement.MET)
    assert (found.resolution.used, found.resolution.target) == (2 * HOUR, 16 * HOUR)
    assert found.resolution.judgement is Judgement.MET


def test_an_incident_belongs_to_the_period_in_which_it_was_opened_on_the_clients_wall():
    client = make_client(timezone="America/Los_Angeles")
    service = monitored(client)
    add(
        incident(service, utc(10, 1, 6, 59), title="Still September there"),
        incident(service, utc(10, 1, 7), title="First of October"),
        incident(service, utc(11, 1, 6, 59), title="Last of October"),
        incident(service, utc(11, 1, 7), title="November there"),
    )
    (found,) = october(service).services
    assert [each.title for each in found.incidents] == ["First of October", "Last of October"]
    assert found.carried_over == 1


def test_an_incident_that_is_not_due_yet_is_not_judged(client, clock):
    service = monitored(client)
    clock.set(utc(10, 7, 12))
    add(incident(service, utc(10, 7, 11)))
    (found,) = october(service).services
    assert (found.response.judged, found.resolution.share) == (0, None)


def test_breaches_are_listed_with_how_much_too_late(client):
    service = monitored(client)
    add(
        incident(service, utc(10, 6, 9), acknowledged_at=utc(10, 6, 12), resolved_at=utc(10, 6, 13)),
        incident(
            service, utc(10, 7, 9), acknowledged_at=utc(10, 7, 10), resolved_at=utc(10, 7, 11),
            resolution_breached_at=utc(10, 7, 10),
        ),
    )  # fmt: skip
    (found,) = october(service).services
    assert [(each.number, name, clock.over) for each, name, clock in found.breaches] == [
        (1, "Response", HOUR),
        (2, "Resolution", None),
    ]
    assert (found.response.met, found.response.judged) == (1, 2)


def test_the_downtime_of_an_incident_names_its_cause(client):
    service = monitored(client)
    row = incident(service, utc(10, 6, 9), acknowledged_at=utc(10, 6, 9), resolved_at=utc(10, 6, 10))
    add(row)
    add(outage(service, utc(10, 6, 9), utc(10, 6, 9, 40), incident_id=row.id))
    (found,) = october(service).services
    assert (found.outages[0].cause, found.incidents[0].down) == ("Disk full", 40 * MINUTE)


def test_health_is_the_last_score_of_each_day_with_the_reasons_of_the_last(client):
    service = monitored(client)
    add(
        *(
            HealthCheck(
                client_service_id=service.id,
                checked_at=when,
                score=score,
                factors=[["review", -20, "review overdue"]],
            )
            for when, score in (
                (utc(10, 5, 3), 95),
                (utc(10, 5, 9), 90),
                (utc(10, 6, 9), 72),
                (utc(11, 2), 10),
            )
        )
    )
    health = october(service).services[0].health
    assert [score for _, score in health.scores] == [90, 72]
    assert (health.score, health.change, health.status, health.reasons) == (
        72,
        -18,
        "Fair",
        ("review overdue",),
    )


def test_a_report_of_a_client_holds_the_services_that_ran_in_the_period(client):
    ran, gone, later, pending = (monitored(client, name=name) for name in ("Ran", "Gone", "Later", "Pending"))
    with transaction():
        gone.status, gone.cancelled_at = "cancelled", utc(9, 15)
        later.activated_at = utc(11, 5)
        pending.status, pending.activated_at = "pending", None
    report = october(ran, whole_client=True)
    assert [each.name for each in report.services] == ["Ran"]
    assert not report.is_of_one_service
    add(incident(gone, utc(10, 3)))
    assert [each.name for each in october(ran, whole_client=True).services] == ["Gone", "Ran"]


def test_a_client_without_a_service_in_the_period_has_no_report(client):
    with pytest.raises(Refused, match="Quarry Dental had no running service"):
        reports.facts(client_id=client.id, period=OCTOBER, at=portal_clock.now())


def test_a_service_of_somebody_else_does_not_exist(client):
    other = monitored(make_client())
    with pytest.raises(NotFound):
        reports.facts(client_id=client.id, service_id=other.id, period=OCTOBER, at=portal_clock.now())


def test_a_report_that_would_be_too_long_is_refused_before_it_is_read(client, monkeypatch):
    service = monitored(client)
    add(*(incident(service, utc(10, 3)) for _ in range(4)))
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    with pytest.raises(rules.TooLong, match="Choose a shorter period"):
        october(service)


def test_the_number_of_queries_does_not_grow_with_the_services(client):
    first = monitored(client)

    def queries() -> int:
        db.session.expire_all()
        seen = []
        connection = db.session.connection()
        event.listen(connection, "before_cursor_execute", lambda *args: seen.append(args[2]))
        october(first, whole_client=True)
        return len(seen)

    few = queries()
    for _ in range(4):
        add(incident(monitored(client), utc(10, 3)))
    assert queries() <= few + 2


def request(service, **changes) -> SlaReport:
    asked = {
        "client_id": service.client_id,
        "service_id": service.id,
        "start": OCTOBER.start,
        "end": OCTOBER.end,
    }
    with transaction():
        return reports.request(**(asked | changes), by=None, at=portal_clock.now())


def count() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(SlaReport))


def printed() -> Printed:
    return Printed(file_key="sla/1-a.pdf", sha256="a" * 64, size_bytes=3, facts={"summary": "fine"})


def test_asking_twice_while_it_is_being_made_asks_once(client):
    service = monitored(client)
    first, again = request(service), request(service)
    assert (first.id, count()) == (again.id, 1)
    assert request(service, service_id=None).id != first.id
    with transaction():
        reports.finish(report_id=first.id, printed=printed(), at=portal_clock.now())
    assert request(service).id != first.id


def test_nothing_is_asked_for_that_a_rule_refuses(client):
    service = monitored(client)
    with pytest.raises(Invalid):
        request(service, end=date(2026, 9, 1))
    with pytest.raises(Refused):
        request(service, service_id=None, client_id=make_client().id)
    assert count() == 0


def test_a_report_runs_from_waiting_to_done(client):
    report = request(monitored(client))
    assert report.state is JobState.WAITING
    with transaction():
        facts = reports.begin(report_id=report.id, at=portal_clock.now())
    assert facts.client == "Quarry Dental"
    assert db.session.get_one(SlaReport, report.id).state is JobState.RUNNING
    with transaction():
        reports.finish(report_id=report.id, printed=printed(), at=portal_clock.now())
    done = db.session.get_one(SlaReport, report.id)
    assert (done.state, done.sha256, done.filename) == (
        JobState.DONE,
        "a" * 64,
        f"sla-{client.code}-2026-10-01-2026-10-31.pdf",
    )
    with transaction():
        assert reports.begin(report_id=report.id, at=portal_clock.now()) is None
        reports.fail(report_id=report.id, reason="too late", at=portal_clock.now())
    assert db.session.get_one(SlaReport, report.id).state is JobState.DONE


def test_a_report_that_became_impossible_says_why(client, monkeypatch):
    service = monitored(client)
    report = request(service)
    add(incident(service, utc(10, 3)))
    monkeypatch.setattr(reading, "MOST_ROWS", 0)
    with transaction():
        assert reports.begin(report_id=report.id, at=portal_clock.now()) is None
    failed = db.session.get_one(SlaReport, report.id)
    assert failed.state is JobState.FAILED and "Choose a shorter period" in failed.error


def test_the_target_is_the_services_own_before_that_of_its_policy(client):
    service = monitored(client)
    with transaction():
        service.availability_target = Decimal("99.5")
    assert october(service).services[0].uptime.target == Fraction(199, 200)
