"""What the money of one service will be: its next invoice, its first one, and what would be given back."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal import clock
from portal.domain.billing.crediting import unused_credits
from portal.domain.billing.models import RecurringBilling
from portal.domain.billing.previewing import preview
from portal.domain.billing.rules import Charge, Schedule, lines_due, timetable_for
from portal.domain.billing.schedules import credits_on_suspension, schedules_of
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.words import ScheduleStatus

# The run parks a schedule that is so far behind; the preview still says what it would come to.
MOST_SHOWN = 1200
SOON = timedelta(minutes=10)


@dataclass(frozen=True)
class NextInvoice:
    """`on`: the day on which it is made; `charges`: its recurring lines for this service."""

    on: date
    charges: tuple[Charge, ...]
    setup: Money

    @property
    def total(self) -> Money:
        return sum((charge.amount for charge in self.charges), self.setup)


@dataclass(frozen=True)
class Standing:
    """The recurring billing of a service. `is_missing`: it should have one; `is_coming`: any second now."""

    schedule: RecurringBilling | None
    next_invoice: NextInvoice | None = None
    is_missing: bool = False
    is_coming: bool = False


def standing_of(service: ClientService) -> Standing:
    """The present schedule, and what it bills next with the arithmetic of the billing run."""
    schedules = schedules_of(service.id)
    if not schedules:
        missing = service.status in (Status.ACTIVE, Status.SUSPENDED) and bool(service.cycle_price_minor)
        recent = service.activated_at is not None and clock.now() - service.activated_at < SOON
        return Standing(None, is_missing=missing, is_coming=missing and recent)
    return Standing(schedules[-1], _next_invoice(service, schedules[-1]))


def _next_invoice(service: ClientService, schedule: RecurringBilling) -> NextInvoice | None:
    if schedule.status is not ScheduleStatus.ACTIVE:
        return None
    on = max(schedule.next_bill_date, clock.today())
    charges = tuple(charge for one, charge in preview(service.client_id, on) if one.id == service.id)
    setup = service.setup_cost if schedule.bills_setup else Money.zero(service.currency)
    return NextInvoice(on, charges, setup) if charges else None


def first_invoice(service: ClientService) -> NextInvoice:
    """What is billed first once the service is activated today: every period that has begun, and the setup fee."""
    on = max(service.start_date, clock.today())
    timetable = timetable_for(
        first_on=service.start_date, billing_day=service.client.billing_day, cycle=service.billing_cycle
    )
    schedule = Schedule(service.cycle_price, timetable, service.start_date, None, service.prorate)
    charges = lines_due(schedule, on, most_missed=MOST_SHOWN).charges if service.cycle_price_minor else ()
    return NextInvoice(on, tuple(charges), service.setup_cost)


@dataclass(frozen=True)
class GivenBack:
    """A credit before it is made: its amount and its days in words, as in "29 of 31 days"."""

    amount: Money
    words: str


def given_back(service: ClientService, unused_from: date) -> GivenBack:
    """What a credit of the unused days from that day on comes to."""
    credits = [credit for _, credit in unused_credits(service.id, unused_from)]
    amount = sum((credit.amount for credit in credits), Money.zero(service.currency))
    return GivenBack(amount, " and ".join(credit.words for credit in credits))


def given_back_on_suspension(service: ClientService) -> GivenBack | None:
    """None when the settings say that a suspension gives nothing back."""
    return given_back(service, clock.today()) if credits_on_suspension(service) else None
