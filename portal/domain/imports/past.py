"""What a row of services.csv says has happened: its state, its price, its term and its schedule. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.domain.billing.rules import timetable_for
from portal.domain.imports.checking import Row
from portal.domain.lifecycle.rules import ProvisioningStatus, Status
from portal.domain.money import Money
from portal.domain.periods import Cycle, Period, add_months
from portal.domain.prices import cycle_price_of, monthly_cost_of
from portal.domain.words import ScheduleStatus

Columns = dict[str, Any]
WHY_SUSPENDED = "It was suspended in the system that it was imported from."


@dataclass(frozen=True, slots=True)
class Moment:
    """When the import happens; `begins` gives the instant at which a business date begins."""

    at: datetime
    today: date
    begins: Callable[[date], datetime]
    review_days: int


def state_of(row: Row, now: Moment) -> Columns:
    """Status and instants. The file has no day of a suspension, so it counts from the import."""
    status: Status = row["status"]
    began = None if status is Status.PENDING else now.begins(row["start_date"])
    last = ended_on(row, now.today)
    over = now.begins(last) if last else None
    return {
        "status": status,
        "provisioning_status": ProvisioningStatus.COMPLETED if began else ProvisioningStatus.PENDING,
        "provisioned_at": began,
        "activated_at": began,
        "monitored_from": began if row["monitoring_enabled"] else None,
        "suspended_at": now.at if status is Status.SUSPENDED else None,
        "suspension_reason": WHY_SUSPENDED if status is Status.SUSPENDED else "",
        "cancelled_at": over if status is Status.CANCELLED else None,
        "cancellation_reason": row["cancellation_reason"],
        "completed_at": over if status is Status.COMPLETED else None,
    }


def ended_on(row: Row, today: date) -> date | None:
    """The first day on which a service that is over no longer ran; a completed one without a day: today."""
    if row["status"] is Status.CANCELLED:
        day: date = row["cancelled_on"]
        return day
    return min(row["end_date"] or today, today) if row["status"] is Status.COMPLETED else None


def next_review(last: date | None, review_days: int) -> date | None:
    return last + timedelta(days=review_days) if last else None


def price_of(row: Row) -> Columns:
    """From the price of one month, whatever the cycle (rule book 2)."""
    cycle: Cycle = row["billing_cycle"]
    price = cycle_price_of(Money(row["monthly_cost"], row["currency"]), cycle)
    return {
        "billing_cycle": cycle,
        "currency": row["currency"],
        "quantity": 1,
        "unit_price_minor": price.minor,
        "cycle_price_minor": price.minor,
        "monthly_cost_minor": monthly_cost_of(price, cycle).minor,
        "setup_cost_minor": row["setup_cost"],
    }


def running_term(row: Row, term_months: int) -> Period | None:
    """The term that runs to the end date: the last one, when the service was renewed before."""
    end = row["end_date"]
    if end is None:
        return None
    last = add_months(end, -term_months, row["start_date"].day)
    renewed = row["renewal_count"] and term_months and last > row["start_date"]
    return Period(last if renewed else row["start_date"], end)


def renewed_at(row: Row, term: Period | None, now: Moment) -> datetime | None:
    """The running term says when; a term that has not begun was renewed ahead, by now."""
    if term is None or term.start == row["start_date"]:
        return None
    return min(now.begins(term.start), now.at)


def schedule_of(row: Row, price_minor: int, billing_day: int | None, today: date) -> Columns | None:
    """The schedule as the old system left it: billed up to the next boundary after the import day.

    None where nothing recurs: no price, one-time work, not active yet.
    """
    if not price_minor or row["billing_cycle"] is Cycle.ONE_TIME or row["status"] is Status.PENDING:
        return None
    start = row["start_date"]
    timetable = timetable_for(first_on=start, billing_day=billing_day, cycle=row["billing_cycle"])
    due = timetable.next_boundary(today + timedelta(days=1))
    ends_on = ended_on(row, today)
    return {
        "amount_minor": price_minor,
        "currency": row["currency"],
        "frequency": row["billing_cycle"],
        "anchor_day": timetable.anchor_day,
        "first_on": start,
        "next_bill_date": ends_on or due,
        "ends_on": ends_on,
        "status": SCHEDULES[row["status"]],
        "paused_on": today if row["status"] is Status.SUSPENDED else None,
    }


SCHEDULES = {
    Status.ACTIVE: ScheduleStatus.ACTIVE,
    Status.SUSPENDED: ScheduleStatus.PAUSED,
    Status.CANCELLED: ScheduleStatus.ENDED,
    Status.COMPLETED: ScheduleStatus.ENDED,
}
