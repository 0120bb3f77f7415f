"""The days of lines that are taken back, and the schedules that bill them again.

Each taken line gets a schedule of its own, which bills its days again at the price that they had, and ends. The
service's open schedule stays where it is, whatever happened to it since: later invoices, pauses, a new price.
Days that the service is not billed for any more, since it ended or is paused, are not billed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import sqlalchemy as sa

from portal.db import db, lock
from portal.domain.billing.crediting import credits_of
from portal.domain.billing.models import Invoice, InvoiceLine, RecurringBilling
from portal.domain.billing.rules import prorated
from portal.domain.errors import Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money, round_half_up
from portal.domain.periods import Cycle, Period, Timetable
from portal.domain.words import InvoiceStatus, LineKind, ScheduleStatus


@dataclass(frozen=True)
class Again:
    """Days of a service that the next run bills again, at this price of a whole cycle."""

    service: ClientService
    origin: RecurringBilling
    period: Period
    price: Money
    with_setup: bool = False

    @property
    def amount(self) -> Money:
        timetable = Timetable(self.origin.first_on, self.origin.anchor_day, self.origin.frequency)
        charges = prorated(self.price, timetable, self.period, prorate=self.service.prorate)
        setup = self.service.setup_cost if self.with_setup else Money.zero(self.price.currency)
        return sum((charge.amount for charge in charges), setup)


def lock_services_on(invoice_id: int) -> None:
    """Nothing happens to the services of this document until the transaction ends."""
    on_lines = sa.select(InvoiceLine.client_service_id).filter_by(invoice_id=invoice_id).distinct()
    for service_id in db.session.scalars(on_lines.order_by(InvoiceLine.client_service_id)).all():
        if service_id is not None:
            lock(ClientService, service_id)


def billed_again(invoice: Invoice) -> list[Again]:
    """What the next run bills again once the lines of this invoice are taken back: the confirmation and the act."""
    fees = {
        line.client_service_id
        for line in invoice.lines
        if line.kind is LineKind.SETUP_FEE and not line.is_void
    }
    found = []
    for line in sorted(_recurring(invoice), key=lambda each: (each.client_service_id or 0, each.id)):
        with_setup = line.client_service_id in fees
        again = _again(line, with_setup=with_setup)
        if again is not None:
            found.append(again)
            fees.discard(line.client_service_id)
    return found


def bill_again(found: Sequence[Again]) -> None:
    """Add a schedule for each; the lines do not claim their days any more."""
    for each in found:
        db.session.add(
            RecurringBilling(
                client_service_id=each.service.id,
                client_id=each.origin.client_id,
                amount_minor=each.price.minor,
                currency=each.price.currency,
                frequency=each.origin.frequency,
                anchor_day=each.origin.anchor_day,
                first_on=each.origin.first_on,
                next_bill_date=each.period.start,
                ends_on=each.period.end,
                status=ScheduleStatus.ACTIVE,
                bills_setup=each.with_setup,
                last_event_id=each.origin.last_event_id,
            )
        )
    db.session.flush()


def reclaim(note: Invoice) -> None:
    """The credits of this note are taken back: its corrected lines claim their days again.

    Raises Refused when those days were billed again meanwhile, or are about to be.
    """
    for credit in note.lines:
        line = db.session.get(InvoiceLine, credit.corrects_line_id) if credit.corrects_line_id else None
        if line is None or credit.period_start is None or credit.period_end is None:
            continue
        if _is_billed_elsewhere(line, Period(credit.period_start, credit.period_end)):
            raise Refused(
                f"The days of “{credit.description}” are billed again since, so the credit has to stay."
                " Write an invoice for what is missing."
            )
        line.is_void = line.invoice.status is InvoiceStatus.VOID


def is_corrected(invoice: Invoice) -> bool:
    """Whether a credit note, issued or not, corrects the invoice."""
    notes = sa.select(Invoice.id).where(
        Invoice.corrects_invoice_id == invoice.id, Invoice.status != InvoiceStatus.VOID
    )
    return db.session.scalar(sa.select(notes.exists())) or False


def _recurring(invoice: Invoice) -> list[InvoiceLine]:
    return [
        line for line in invoice.lines
        if line.kind is LineKind.RECURRING and not line.is_void and not credits_of(line)
    ]  # fmt: skip


def _again(line: InvoiceLine, *, with_setup: bool) -> Again | None:
    service, origin = line.service, _origin(line)
    if service is None or origin is None or line.period_start is None or line.period_end is None:
        return None
    limits = [each for each in (line.period_end, origin.ends_on, origin.paused_on) if each is not None]
    until = min(limits)
    if until <= line.period_start or line.amount_minor <= 0:
        return None
    price = Money(
        _cycle_price(line.amount_minor, line.period_start, line.period_end, origin, service), origin.currency
    )
    return Again(service, origin, Period(line.period_start, until), price, with_setup)


def _origin(line: InvoiceLine) -> RecurringBilling | None:
    """The schedule that billed the line: the open one, or the one that went furthest."""
    billed = sa.select(RecurringBilling).where(
        RecurringBilling.client_service_id == line.client_service_id,
        RecurringBilling.client_id == line.invoice.client_id,
        RecurringBilling.first_on <= line.period_start,
    )
    furthest = (RecurringBilling.ends_on.desc().nulls_first(), RecurringBilling.id.desc())
    return db.session.scalar(billed.order_by(*furthest).limit(1))


def _cycle_price(minor: int, start: date, end: date, origin: RecurringBilling, service: ClientService) -> int:
    """The price of a whole cycle that comes to this amount for these days: rounded, it gives the amount again."""
    if origin.frequency is Cycle.ONE_TIME or not service.prorate:
        return minor
    timetable = Timetable(origin.first_on, origin.anchor_day, origin.frequency)
    return round_half_up(
        minor * Fraction(timetable.anchored_period_containing(start).days, (end - start).days)
    )


def _is_billed_elsewhere(line: InvoiceLine, days: Period) -> bool:
    """By another line, or by a schedule that has these days before it."""
    lines = sa.select(InvoiceLine.id).where(
        InvoiceLine.client_service_id == line.client_service_id,
        InvoiceLine.kind == LineKind.RECURRING,
        InvoiceLine.is_void.is_(False),
        InvoiceLine.id != line.id,
        InvoiceLine.period_start < days.end,
        InvoiceLine.period_end > days.start,
    )
    coming = sa.select(RecurringBilling.id).where(
        RecurringBilling.client_service_id == line.client_service_id,
        RecurringBilling.status != ScheduleStatus.ENDED,
        RecurringBilling.next_bill_date < days.end,
        sa.or_(RecurringBilling.ends_on.is_(None), RecurringBilling.ends_on > days.start),
    )
    return bool(db.session.scalar(sa.select(sa.or_(lines.exists(), coming.exists()))))
