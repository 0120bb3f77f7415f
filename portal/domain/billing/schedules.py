"""The schedule of a service, brought in line with what happened to the service.

Each verb is the effect of one event, in the order of the events (`event_id`); one that is delivered again
changes nothing. Verbs without a schedule to act on do nothing: a zero price makes none.
"""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa

from portal.db import db, lock
from portal.domain import events
from portal.domain.billing.crediting import credit_from, ever_billed, paid_until, unused_credits
from portal.domain.billing.issuing import bill_once
from portal.domain.billing.models import RecurringBilling
from portal.domain.billing.rules import credits_on_suspend, first_day_after_resume, timetable_for
from portal.domain.clients.models import Client
from portal.domain.company import setting
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.periods import Cycle, Period
from portal.domain.words import LineKind, ScheduleStatus, Unused
from portal.signals import send


def create(*, service_id: int, event_id: int, by: int | None = None, at: datetime) -> None:
    """On activation: billing begins on the start date. Once in the life of a service."""
    service = locked(service_id)
    if schedules_of(service_id):
        return
    if service.cycle_price_minor:
        add(service, service.start_date, event_id, bills_setup=service.setup_cost_minor > 0, at=at)
    elif service.setup_cost_minor:
        words = f"{service.name} – setup"
        bill_once(service=service, kind=LineKind.SETUP_FEE, amount=service.setup_cost, words=words, at=at)


def pause(*, service_id: int, on: date, event_id: int, by: int | None = None, at: datetime) -> None:
    """On suspension: no new lines; days billed ahead are credited unless a setting says not to."""
    service, schedule = _turn(service_id, event_id)
    if schedule is None or schedule.paused_on is not None:
        return
    schedule.paused_on = max(on, schedule.first_on)
    if schedule.status is ScheduleStatus.ACTIVE:
        schedule.status = ScheduleStatus.PAUSED
    _cut_short(service_id, on)
    if credits_on_suspension(service):
        credit_from(service_id=service_id, unused_from=on, source=f"event:{event_id}", at=at)
    say(service_id, f"paused on {on}", by=by, at=at)


def resume(*, service_id: int, on: date, event_id: int, by: int | None = None, at: datetime) -> None:
    """Bill on from the day, never the gap. Days before the pause that no run has billed yet still are billed."""
    service, schedule = _turn(service_id, event_id)
    if schedule is None or schedule.paused_on is None:
        return
    # Never billed here, an imported service is paid in the old system up to the day that its schedule says.
    settled = on if ever_billed(service_id) else schedule.next_bill_date
    if schedule.next_bill_date < schedule.paused_on and schedule.frequency is not Cycle.ONE_TIME:
        schedule = _split(service, schedule, event_id, at)
    else:
        schedule.paused_on = None
        if schedule.status is ScheduleStatus.PAUSED:
            schedule.status = ScheduleStatus.ACTIVE
    covered = max(paid_until(service_id) or settled, schedule.first_on)
    if schedule.frequency is not Cycle.ONE_TIME:
        schedule.next_bill_date = first_day_after_resume(
            resumed_on=max(on, schedule.first_on), paid_until=covered
        )
    say(service_id, f"resumed on {on}, bills on {schedule.next_bill_date}", by=by, at=at)


def end(
    *,
    service_id: int,
    on: date,
    unused: Unused,
    fee: Money | None = None,
    event_id: int,
    by: int | None = None,
    at: datetime,
) -> None:
    """On cancellation or completion: nothing from that day on; unused days as `unused` says; the fee."""
    service, schedule = _turn(service_id, event_id)
    if schedule is None:
        return
    close(schedule, on)
    _cut_short(service_id, on)
    if unused is not Unused.NOTHING:
        deduct = unused is Unused.DEDUCT
        credit_from(service_id=service_id, unused_from=on, source=f"event:{event_id}", deduct=deduct, at=at)
    if fee:
        words = f"{service.name} – cancellation fee"
        bill_once(service=service, kind=LineKind.CANCELLATION_FEE, amount=fee, words=words, at=at)
    say(service_id, f"ends on {schedule.ends_on}", by=by, at=at)


def move(*, service_id: int, on: date, event_id: int, by: int | None = None, at: datetime) -> None:
    """On transfer: the old client's days from then on are credited; the new client is billed on its own anchor."""
    service, schedule = _turn(service_id, event_id)
    if schedule is None or schedule.client_id == service.client_id:
        return
    begin, paused_on, unbilled_from = max(on, service.start_date), schedule.paused_on, schedule.next_bill_date
    spans = _spans_since(schedule, begin)
    owes_setup = schedule.bills_setup and unbilled_from >= on
    schedule.bills_setup = schedule.bills_setup and not owes_setup
    close(schedule, on)
    _cut_short(service_id, on)
    credit_from(service_id=service_id, unused_from=on, source=f"event:{event_id}", at=at)
    goes_on = paused_on is None and bool(spans) and spans[-1].end >= unbilled_from
    since = spans.pop().start if goes_on else max(paused_on or unbilled_from, begin)
    for span in spans:
        past = add(service, begin, event_id, bills_setup=owes_setup, at=at)
        past.next_bill_date, owes_setup = span.start, False
        close(past, span.end)
    fresh = add(service, begin, event_id, bills_setup=owes_setup, at=at)
    fresh.next_bill_date = since
    if paused_on is not None:
        fresh.status, fresh.paused_on = ScheduleStatus.PAUSED, since


def _spans_since(schedule: RecurringBilling, day: date) -> list[Period]:
    """The days from then on that are billed or wait for it, without the time that the service rested."""
    service_id, until = schedule.client_service_id, schedule.paused_on or schedule.next_bill_date
    billed = [credit.period for _, credit in unused_credits(service_id, day)]
    waiting = [
        (max(each.next_bill_date, day), each.ends_on or until)
        for each in schedules_of(service_id)
        if each.status is not ScheduleStatus.ENDED
    ]
    days = sorted([(each.start, each.end) for each in billed] + waiting)
    spans: list[Period] = []
    for start, end in ((start, min(end, until)) for start, end in days):
        if spans and start <= spans[-1].end:
            spans[-1] = Period(spans[-1].start, max(end, spans[-1].end))
        elif start < end:
            spans.append(Period(start, end))
    return spans


def open_schedule(service_id: int) -> RecurringBilling | None:
    """The schedule that has no end yet, locked."""
    one = sa.select(RecurringBilling).filter_by(client_service_id=service_id, ends_on=None)
    return db.session.scalar(one.with_for_update().execution_options(populate_existing=True))


def schedules_of(service_id: int) -> Sequence[RecurringBilling]:
    """All schedules of a service, the present one last."""
    of_service = sa.select(RecurringBilling).filter_by(client_service_id=service_id)
    present_last = (RecurringBilling.ends_on.is_(None), RecurringBilling.id)
    return db.session.scalars(of_service.order_by(*present_last)).all()


def credits_on_suspension(service: ClientService) -> bool:
    """The nearest setting wins: the service's, the client's, the company's (rule book 4)."""
    return credits_on_suspend(
        service=service.credit_on_suspend,
        client=service.client.credit_on_suspend,
        company=setting("credit_on_suspend"),
    )


def _turn(service_id: int, event_id: int) -> tuple[ClientService, RecurringBilling | None]:
    """The service and its open schedule, if this event's turn has not been already."""
    service, schedule = locked(service_id), open_schedule(service_id)
    if schedule is None or event_id <= schedule.last_event_id:
        return service, None
    schedule.last_event_id = event_id
    return service, schedule


def locked(service_id: int) -> ClientService:
    """The service. Client before service: the one order of locks."""
    owner = db.session.scalar(sa.select(ClientService.client_id).filter_by(id=service_id))
    if owner is not None:
        lock(Client, owner)
    return lock(ClientService, service_id)


def add(
    service: ClientService, first_on: date, event_id: int, *, bills_setup: bool, at: datetime
) -> RecurringBilling:
    timetable = timetable_for(
        first_on=first_on, billing_day=service.client.billing_day, cycle=service.billing_cycle
    )
    schedule = RecurringBilling(
        client_service_id=service.id,
        client_id=service.client_id,
        amount_minor=service.cycle_price_minor,
        currency=service.currency,
        frequency=service.billing_cycle,
        anchor_day=timetable.anchor_day,
        first_on=first_on,
        next_bill_date=first_on,
        status=ScheduleStatus.ACTIVE,
        bills_setup=bills_setup,
        last_event_id=event_id,
    )
    db.session.add(schedule)
    db.session.flush()
    send(events.RecurringBillingCreated(service_id=service.id, next_bill_date=first_on), by=None, at=at)
    return schedule


def _split(service: ClientService, old: RecurringBilling, event_id: int, at: datetime) -> RecurringBilling:
    """The old schedule ends at the pause and bills its rest; a second one goes on, on the same anchor."""
    assert old.paused_on is not None
    close(old, old.paused_on)
    fresh = add(service, old.first_on, event_id, bills_setup=False, at=at)
    fresh.anchor_day, fresh.amount_minor = old.anchor_day, old.amount_minor
    return fresh


def close(schedule: RecurringBilling, on: date) -> None:
    """Nothing from that day on, nor from the day of a pause; unbilled days before it are billed by the next run."""
    schedule.ends_on = max(min(on, schedule.paused_on or on), schedule.first_on)
    schedule.paused_on = None
    if schedule.next_bill_date >= schedule.ends_on:
        schedule.status = ScheduleStatus.ENDED
    elif schedule.status is ScheduleStatus.PAUSED:
        schedule.status = ScheduleStatus.ACTIVE
    db.session.flush()


def _cut_short(service_id: int, on: date) -> None:
    """Schedules that bill the days of a voided line again go no further than the one that is open."""
    again = sa.select(RecurringBilling).filter_by(client_service_id=service_id, status=ScheduleStatus.ACTIVE)
    for schedule in db.session.scalars(again.where(RecurringBilling.ends_on > on).with_for_update()):
        close(schedule, max(on, schedule.next_bill_date))


def say(service_id: int, what: str, *, by: int | None, at: datetime) -> None:
    send(events.RecurringBillingChanged(service_id=service_id, what=what), by=by, at=at)
