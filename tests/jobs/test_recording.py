"""An event is written with the change that it reports, or not at all."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import outbox
from portal.db import transaction
from portal.domain.events import ServiceDueForRenewal, ServiceEdited, ServiceSuspended
from portal.domain.money import Money
from portal.outbox import Delivery, EventRecord, Listener
from portal.signals import events_committed, send, send_each
from tests.jobs.reactions import AT, suspend

pytestmark = pytest.mark.usefixtures("reacting")


def test_an_event_and_one_delivery_per_listener_are_committed_with_the_change(live: Session) -> None:
    suspend(7)
    event = live.scalars(sa.select(EventRecord)).one()
    delivery = live.scalars(sa.select(Delivery)).one()
    assert (event.kind, event.subject_type, event.subject_id, event.occurred_at) == (
        "service_suspended",
        "client_service",
        7,
        AT,
    )
    assert event.payload == {
        "service_id": 7,
        "reason": "unpaid",
        "suspended_on": "2026-11-20",
        "changes": {},
    }
    assert (delivery.event_id, delivery.listener, delivery.queue, delivery.attempts) == (
        event.id,
        "obey",
        "billing",
        0,
    )


def test_an_event_of_a_change_that_failed_never_happened(live: Session) -> None:
    def change() -> None:
        with transaction():
            send(ServiceSuspended(service_id=7, reason="unpaid", suspended_on=AT.date()), by=None, at=AT)
            raise RuntimeError("The change cannot be made.")

    with pytest.raises(RuntimeError):
        change()
    assert outbox.counts() == outbox.Counts(created=0, pending=0, done=0, parked=0, given_up=0)
    assert live.scalar(sa.select(sa.func.count()).select_from(EventRecord)) == 0


def test_an_event_without_listeners_is_kept_for_the_timeline(live: Session) -> None:
    changes = {"price": (Money(100, "USD"), Money(150, "USD")), "end_date": (date(2026, 1, 31), None)}
    with transaction():
        send(ServiceEdited(service_id=7, changes=changes), by=3, at=AT)
    event = live.scalars(sa.select(EventRecord)).one()
    assert event.actor_id == 3
    assert event.payload["changes"] == {
        "price": [{"minor": 100, "currency": "USD"}, {"minor": 150, "currency": "USD"}],
        "end_date": ["2026-01-31", None],
    }
    assert outbox.counts().created == 0


def test_the_queues_concerned_are_announced_once_after_the_commit() -> None:
    heard: list[set[str]] = []

    def hear(_sender: object, *, queues: set[str]) -> None:
        heard.append(queues)

    with events_committed.connected_to(hear):
        suspend(1, 2, 3)
    assert heard == [{"billing"}]


def test_thousands_are_recorded_in_one_statement_like_single_ones(live: Session) -> None:
    suspend(1)
    facts = sa.select(
        sa.func.generate_series(2, 3001).label("service_id"),
        sa.literal("unpaid").label("reason"),
        sa.literal(date(2026, 11, 20)).label("suspended_on"),
    )
    with transaction():
        recorded = send_each(ServiceSuspended, facts, by=None, at=AT)
    assert recorded == 3000
    assert outbox.counts().pending == 3001
    single, *_, last = live.scalars(sa.select(EventRecord).order_by(EventRecord.subject_id)).all()
    assert last.payload == single.payload | {"service_id": 3001}
    assert (last.kind, last.subject_type, last.occurred_at) == (
        single.kind,
        single.subject_type,
        single.occurred_at,
    )


@pytest.mark.parametrize("column", ["stage", "renewal_date"])
def test_facts_that_do_not_fit_the_event_are_refused(column: str) -> None:
    facts = sa.select(sa.literal(7).label("service_id"), sa.literal(30).label(column))
    with pytest.raises(TypeError, match="stage_days"), transaction():
        send_each(ServiceDueForRenewal, facts, by=None, at=AT)


@pytest.mark.parametrize(
    "statement", ["UPDATE events SET kind = 'x'", "DELETE FROM events", "TRUNCATE events CASCADE"]
)
def test_what_has_happened_cannot_be_changed(live: Session, statement: str) -> None:
    suspend(7)
    with pytest.raises(IntegrityError, match="append-only"):
        live.execute(sa.text(statement))


def test_two_listeners_cannot_share_a_name() -> None:
    twice = (Listener("bill", "billing", print), Listener("bill", "billing", repr))
    with pytest.raises(TypeError, match="Two listeners are called bill"):
        outbox.connect({ServiceSuspended: twice})


def test_a_listener_has_exactly_one_form() -> None:
    with pytest.raises(TypeError, match="exactly one"):
        Listener("bill", "billing", print, batch=print)
