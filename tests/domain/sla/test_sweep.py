"""The sweep: each target that passes is a breach once, whoever sweeps how often, and once there was a warning."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain import sla
from portal.domain.lifecycle import ClientService
from portal.domain.sla import breaches
from portal.domain.sla.models import Incident
from portal.outbox.models import Delivery, EventRecord
from tests.factories import make_policy, make_service

OPENED = datetime(2026, 11, 20, 9, tzinfo=UTC)


def at(text):
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


@pytest.fixture
def service(request, clock):
    """Critical: response in 1 h, resolution in 8 h; Monday to Friday, nine to five."""
    request.getfixturevalue("live" if "live" in request.fixturenames else "session")
    clock.set(OPENED)
    return make_service(status="active", sla_policy_id=make_policy().id)


def opened(service, severity="critical"):
    with transaction():
        return sla.open_incident(
            service_id=service.id, title="Mail is down", severity=severity, by=None, at=OPENED
        ).id


def swept(when):
    with transaction():
        found = sla.sweep(as_of=at(when), at=at(when))
    return found.breaches, found.warnings


def count(service):
    db.session.expire_all()
    row = db.session.get_one(ClientService, service.id)
    return row.sla_breaches_count, row.last_sla_breach_at


def told(kind):
    return db.session.scalar(sa.select(sa.func.count()).select_from(EventRecord).filter_by(kind=kind))


def test_each_target_is_breached_once_at_the_instant_at_which_it_passed(service):
    incident_id = opened(service)
    assert swept("20 10:00") == (0, 1)
    assert swept("20 10:01") == (1, 0)
    assert swept("20 10:02") == (0, 0)
    assert count(service) == (1, at("20 10:00"))
    assert swept("23 10:00") == (1, 0)
    incident = db.session.get_one(Incident, incident_id)
    assert incident.response_breached_at == at("20 10:00")
    assert incident.resolution_breached_at == at("20 17:00")
    assert count(service) == (2, at("20 17:00"))
    assert told("service_sla_breached") == 2


def test_a_warning_goes_out_once_when_three_quarters_have_passed(service):
    opened(service)
    answered = opened(service, "high")
    with transaction():
        sla.acknowledge(incident_id=answered, by=None, at=OPENED)
    assert swept("20 09:45") == (0, 0)
    assert swept("20 09:46") == (0, 1)
    assert swept("20 09:47") == (0, 0)
    row = db.session.scalars(sa.select(EventRecord).filter_by(kind="service_sla_at_risk")).one()
    assert row.payload["target"] == "response"
    assert row.payload["title"] == "Mail is down"
    listeners = db.session.scalars(sa.select(Delivery.listener).filter_by(event_id=row.id)).all()
    assert listeners == ["notify_service_sla_at_risk"]


def test_a_breach_tells_people_and_has_the_health_counted_anew(service):
    opened(service)
    swept("20 10:01")
    row = db.session.scalars(sa.select(EventRecord).filter_by(kind="service_sla_breached")).one()
    listeners = set(db.session.scalars(sa.select(Delivery.listener).filter_by(event_id=row.id)))
    assert listeners == {"alert_on_sla_breach", "recalculate_service_health"}


def test_what_waits_for_the_client_is_not_breached_by_waiting(service):
    incident_id = opened(service)
    with transaction():
        sla.wait(incident_id=incident_id, reason="Which mailbox?", by=None, at=at("20 09:30"))
    assert swept("27 12:00") == (0, 0)
    with transaction():
        sla.resume(incident_id=incident_id, by=None, at=at("27 12:00"))
    assert swept("30 11:30") == (0, 1)
    assert swept("30 11:31") == (1, 0)


def test_a_dry_look_says_the_same_and_changes_nothing(service):
    opened(service), opened(service, "low")
    found = breaches.due(at("20 16:00"))
    assert (found.breaches, found.warnings) == (1, 2)
    assert count(service) == (0, None)
    assert swept("20 16:00") == (1, 2)


def test_resolved_incidents_are_left_alone(service):
    incident_id = opened(service)
    with transaction():
        sla.resolve(incident_id=incident_id, resolution="Restarted", by=None, at=at("20 09:30"))
    assert swept("30 12:00") == (0, 0)


def sweep_in_thread(app, failures):
    def run():
        try:
            with app.app_context():
                swept("20 18:00")
        except Exception as fault:
            failures.append(fault)

    return threading.Thread(target=run)


def test_four_sweeps_at_once_raise_each_breach_once(app, live, service):
    for _ in range(30):
        opened(service)
    failures = []
    threads = [sweep_in_thread(app, failures) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    assert count(service)[0] == 60
    assert told("service_sla_breached") == 60


def test_a_sweep_that_dies_half_way_has_done_nothing(app, live, service, monkeypatch):
    for _ in range(3):
        opened(service)

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(breaches, "send_each", die)
        with pytest.raises(KeyboardInterrupt):
            swept("20 18:00")
    db.session.rollback()
    assert count(service) == (0, None)
    assert swept("20 18:00") == (6, 0)
    assert (count(service)[0], told("service_sla_breached")) == (6, 6)


def test_the_sweep_waits_for_nobody_and_leaves_nothing_out(app, live, service):
    """Somebody is just acknowledging one, late: that act raises its breach itself."""
    taken, free = opened(service), opened(service)
    held, let_go = threading.Event(), threading.Event()

    def acknowledge():
        with app.app_context(), transaction():
            sla.acknowledge(incident_id=taken, by=None, at=at("20 10:30"))
            db.session.flush()
            held.set()
            let_go.wait(10)

    thread = threading.Thread(target=acknowledge)
    thread.start()
    assert held.wait(10)
    with transaction():
        marked = breaches._mark(
            breaches.Target.RESPONSE, "breached_at", breaches.column(breaches.Target.RESPONSE, "due_at"),
            breaches._to_raise(breaches.Target.RESPONSE, at("20 10:31")),
        )  # fmt: skip
        assert [row.id for row in marked] == [free]
        db.session.rollback()
    let_go.set()
    thread.join()
    swept("20 10:32")
    assert count(service)[0] == 2


def test_a_thousand_open_incidents_take_as_many_statements_as_one(service):
    def statements():
        seen = []
        sa.event.listen(db.engine.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        swept("20 18:00")
        return len(seen)

    opened(service)
    for_one = statements()
    values = {"client_service_id": service.id, "title": "Mail", "severity": "low", "opened_at": OPENED}
    rows = [values | {"response_due_at": OPENED, "resolution_due_at": OPENED + timedelta(hours=1)}] * 1000
    with transaction():
        db.session.execute(sa.insert(Incident), rows)
    assert statements() - for_one <= for_one
    assert count(service)[0] == 2002
