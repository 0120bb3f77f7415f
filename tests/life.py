"""The whole life of services as a machine that hypothesis drives: after each step the books have to hold.

It drives the real verbs, runs the real listeners, and keeps its own account of which client owes which days, by
means too plain to be wrong: sets of days. `portal invariants` is asked after each step as well.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import ClassVar

import sqlalchemy as sa
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from portal import clock as portal_clock
from portal import outbox
from portal.db import db, transaction
from portal.domain import billing, company, lifecycle
from portal.domain.billing import queries
from portal.domain.billing.accounts import account_credit
from portal.domain.billing.models import Invoice, InvoiceLine, RecurringBilling
from portal.domain.errors import DomainError
from portal.domain.invariants import check_all
from portal.domain.lifecycle import ClientService, Status
from portal.domain.money import Money
from portal.domain.periods import Cycle, Timetable
from portal.domain.words import InvoiceKind, InvoiceStatus, LineKind, ScheduleStatus, Unused
from portal.jobs import batches, prices
from portal.jobs.worker import drain_all
from portal.outbox import Delivery, EventRecord, Recorded
from tests.clock import TestClock
from tests.conftest import forgetting
from tests.factories import make_client, make_product

BEGINNINGS = [date(2026, 1, 11), date(2027, 1, 31), date(2028, 2, 29), date(2026, 3, 28), date(2026, 12, 31)]
REPEATING = [cycle for cycle in Cycle if cycle is not Cycle.ONE_TIME]
picks = st.integers(0, 5)


@dataclass
class Tenure:
    """The days from `since` on that one client owes; `until` is open while it has the service."""

    client_id: int
    timetable: Timetable
    since: date
    until: date | None = None

    def has(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)

    def days(self, before: date) -> set[date]:
        end = min(self.until or before, before)
        return {self.since + timedelta(n) for n in range((end - self.since).days)}


@dataclass
class Account:
    """What the machine knows of a service. `kept`: days that were paid and were agreed not to be given back."""

    service_id: int
    cycle: Cycle
    prices: list[tuple[date, int]]
    starts_on: date
    timetable: Timetable
    owed: list[Tenure] = field(default_factory=list)
    kept: set[tuple[int, date]] = field(default_factory=set)

    def price_on(self, day: date) -> int:
        """The one that was agreed last of those that hold on the day."""
        agreed = [(since, nth, price) for nth, (since, price) in enumerate(self.prices) if since <= day]
        return max(agreed)[2]

    def owes(self, client_id: int, day: date) -> bool:
        return any(each.client_id == client_id and each.has(day) for each in self.owed)

    def owed_days(self, before: date) -> set[tuple[int, date]]:
        return {(tenure.client_id, day) for tenure in self.owed for day in tenure.days(before)}

    def begin(self, client_id: int, on: date) -> None:
        """Days are owed from then on, but none before the schedule begins."""
        self.owed.append(Tenure(client_id, self.timetable, max(on, self.timetable.first_on)))

    def stop(self, on: date) -> None:
        """Nothing is owed from that day on."""
        self.owed = [tenure for tenure in self.owed if tenure.since < on]
        for tenure in self.owed:
            tenure.until = min(tenure.until or on, on)


class Life(RuleBasedStateMachine):
    """`app` is set by the test that runs it."""

    app: ClassVar[Flask]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.hand = TestClock(portal_clock.now())
        self.stack.enter_context(self.hand.in_charge())
        self.stack.enter_context(forgetting(self.app))
        self.accounts: list[Account] = []
        self.bill_is_fresh = False

    def teardown(self) -> None:
        self.stack.close()

    @initialize(
        begin=st.sampled_from(BEGINNINGS),
        currency=st.sampled_from(["USD", "JPY", "KWD"]),
        tax=st.sampled_from([0, 23]),
    )
    def found(self, begin: date, currency: str, tax: int) -> None:
        self.hand.set(begin)
        facts = [
            {},
            {"billing_day": 1, "tax_rate_percent": tax},
            {"billing_day": 31, "consolidate_invoices": False},
        ]
        self.clients = [make_client(currency=currency, **each).id for each in facts]
        self.product = make_product(currency=currency, setup_fee_minor=5_000).id
        self.currency = currency
        with transaction():
            company.change(values={"most_missed_periods": 120}, by=None, at=portal_clock.now())

    # What people do

    @rule(
        client=picks, cycle=st.sampled_from([*REPEATING, Cycle.MONTHLY, Cycle.ONE_TIME]),
        price=st.sampled_from([999, 10_000, 24_995, 310_000]), offset=st.integers(-20, 20),
        prorate=st.sampled_from([True, True, True, False]), activate=st.booleans(),
    )  # fmt: skip
    @precondition(lambda self: len(self.accounts) < 4)
    def sell(self, client: int, cycle: Cycle, price: int, offset: int, prorate: bool, activate: bool) -> None:
        starts_on = self.today + timedelta(offset)
        with transaction():
            service = lifecycle.provision(
                self.clients[client % 3], self.product, billing_cycle=cycle, cycle_price_minor=price,
                start_date=starts_on, prorate=prorate, by=None, at=portal_clock.now(),
            )  # fmt: skip
            account = Account(
                service.id, cycle, [(date.min, price)], starts_on, self.timetable_of(service, starts_on)
            )
        self.accounts.append(account)
        if activate:
            self._activate(account)

    @rule(pick=picks)
    @precondition(lambda self: self.of_status(Status.PENDING))
    def activate(self, pick: int) -> None:
        self._activate(self.one(pick, Status.PENDING))

    def _activate(self, account: Account) -> None:
        if self.act(
            lifecycle.activate, service_id=account.service_id, override_reason="the machine wants it"
        ):
            service = self.service(account)
            account.timetable = self.timetable_of(service, account.starts_on)
            account.begin(service.client_id, account.starts_on)

    @rule(pick=picks)
    @precondition(lambda self: self.of_status(Status.ACTIVE))
    def suspend(self, pick: int) -> None:
        account = self.one(pick, Status.ACTIVE)
        if self.act(lifecycle.suspend, service_id=account.service_id, reason="unpaid"):
            account.stop(max(self.today, account.timetable.first_on))

    @rule(pick=picks)
    @precondition(lambda self: self.of_status(Status.SUSPENDED))
    def resume(self, pick: int) -> None:
        account = self.one(pick, Status.SUSPENDED)
        if self.act(lifecycle.resume, service_id=account.service_id):
            account.begin(self.service(account).client_id, self.today)

    @rule(pick=picks, offset=st.integers(-40, 60), unused=st.sampled_from(Unused))
    @precondition(lambda self: self.of_status(Status.ACTIVE, Status.SUSPENDED, Status.PENDING))
    def cancel(self, pick: int, offset: int, unused: Unused) -> None:
        account = self.one(pick, Status.ACTIVE, Status.SUSPENDED, Status.PENDING)
        day = self.today + timedelta(offset)
        before = self.billed_days(account)
        facts = {"effective_on": day, "reason": "gone", "unused": unused}
        if self.act(lifecycle.cancel, service_id=account.service_id, **facts):
            self._ended(account, before)

    @rule(pick=picks)
    @precondition(lambda self: self.accounts)
    def withdraw(self, pick: int) -> None:
        account = self.accounts[pick % len(self.accounts)]
        self.act(lifecycle.withdraw_cancellation, service_id=account.service_id)

    @rule(pick=picks, client=picks, back=st.integers(0, 40))
    @precondition(lambda self: self.of_status(Status.ACTIVE, Status.SUSPENDED, Status.PENDING))
    def transfer(self, pick: int, client: int, back: int) -> None:
        account = self.one(pick, Status.ACTIVE, Status.SUSPENDED, Status.PENDING)
        day, to = self.today - timedelta(back), self.clients[client % 3]
        was_pending = self.service(account).status is Status.PENDING
        if not self.act(lifecycle.transfer, service_id=account.service_id, client_id=to, effective_on=day):
            return
        if not was_pending and account.cycle is not Cycle.ONE_TIME:
            begin = max(day, account.starts_on)
            account.timetable = self.timetable_of(self.service(account), begin)
            moved = [
                Tenure(to, account.timetable, max(each.since, begin), each.until)
                for each in account.owed
                if each.until is None or each.until > begin
            ]
            account.stop(begin)
            account.owed += moved
            account.kept = {(client_id, kept) for client_id, kept in account.kept if kept < begin}

    @rule(pick=picks, months=st.sampled_from([1, 3, 12]))
    @precondition(lambda self: self.of_status(Status.ACTIVE))
    def renew(self, pick: int, months: int) -> None:
        account = self.one(pick, Status.ACTIVE)
        term_start = self.service(account).renewal_date or self.today
        price = Money(account.price_on(max(self.today, term_start)), self.currency)
        self.act(lifecycle.renew, service_id=account.service_id, months=months, cycle_price=price)

    @rule(pick=picks)
    @precondition(lambda self: self.of_status(Status.ACTIVE, Status.SUSPENDED))
    def complete(self, pick: int) -> None:
        account = self.one(pick, Status.ACTIVE, Status.SUSPENDED)
        if self.act(lifecycle.complete, service_id=account.service_id):
            account.stop(max(self.today, account.timetable.first_on))

    @rule(pick=picks, share=st.sampled_from([Fraction(1), Fraction(1, 3)]))
    def pay(self, pick: int, share: Fraction) -> None:
        invoice = self.document(pick, InvoiceStatus.ISSUED, InvoiceStatus.PARTLY_PAID)
        if invoice is not None:
            amount = invoice.open_amount.times(share)
            self.act(billing.record_payment, invoice_id=invoice.id, amount=amount, received_on=self.today)

    @rule(
        pick=picks,
        price=st.sampled_from([1_500, 9_999, 120_000]),
        offset=st.sampled_from([0, 0, 1, 9, 31, 60]),
    )
    @precondition(lambda self: self.of_status(Status.ACTIVE, Status.SUSPENDED))
    def change_price(self, pick: int, price: int, offset: int) -> None:
        account = self.one(pick, Status.ACTIVE, Status.SUSPENDED)
        day = self.today + timedelta(offset)
        facts = {"cycle_price": Money(price, self.currency), "effective_on": day}
        if account.cycle is Cycle.ONE_TIME or not self.service(account).prorate:
            return
        if self.act(billing.change_price, service_id=account.service_id, **facts):
            account.prices.append((day, price))

    @rule(pick=picks, quantity=st.integers(1, 5))
    @precondition(lambda self: self.of_status(Status.ACTIVE, Status.SUSPENDED))
    def change_quantity(self, pick: int, quantity: int) -> None:
        """From today on, where the price of one is a whole amount and no other price is planned."""
        account = self.one(pick, Status.ACTIVE, Status.SUSPENDED)
        service = self.service(account)
        unit, rest = divmod(account.price_on(self.today), service.quantity)
        is_planned = any(since > self.today for since, _ in account.prices)
        if rest or is_planned or account.cycle is Cycle.ONE_TIME or not service.prorate:
            return
        facts = {"quantity": quantity, "effective_on": self.today}
        if self.act(billing.change_quantity, service_id=account.service_id, **facts):
            account.prices.append((self.today, unit * quantity))

    @rule(pick=picks, share=st.sampled_from([Fraction(1, 3), Fraction(1, 2)]), deduct=st.booleans())
    def credit(self, pick: int, share: Fraction, deduct: bool) -> None:
        """A part of an invoice as a favour, once: days stay billed, and something is left of each line."""
        issued = (InvoiceStatus.ISSUED, InvoiceStatus.PARTLY_PAID, InvoiceStatus.PAID)
        invoice = self.document(pick, *issued)
        if invoice is not None and not queries.corrections_of(invoice.id):
            amount = Money(invoice.subtotal_minor, self.currency).times(share)
            facts = {"amount": amount, "reason": "a favour", "deduct": deduct}
            self.act(billing.credit, invoice_id=invoice.id, **facts)

    @rule(client=picks, share=st.sampled_from([Fraction(1), Fraction(1, 3)]))
    def refund(self, client: int, share: Fraction) -> None:
        client_id = self.clients[client % 3]
        amount = account_credit(client_id, self.currency).times(share)
        self.act(billing.refund, client_id=client_id, amount=amount, refunded_on=self.today)

    @rule(pick=picks)
    def void(self, pick: int) -> None:
        invoice = self.document(pick, InvoiceStatus.ISSUED)
        if invoice is not None:
            self.act(billing.void, invoice_id=invoice.id, reason="to the wrong address")

    # What comes by itself

    @rule()
    def bill(self) -> None:
        self.bill_now()

    @rule(days=st.integers(1, 40))
    def live_on(self, days: int) -> None:
        """The next days, with the batches of the night."""
        for _ in range(days):
            self.hand.advance(days=1)
            self.bill_is_fresh = False
            self.carry_out()
            if self.today.day % 7 == 0:
                self.bill_now()

    @rule(days=st.integers(1, 400))
    def stand_still(self, days: int) -> None:
        """Everything is down for that long; then the batches run once."""
        self.hand.advance(days=days)
        self.carry_out()
        self.bill_now()

    @rule(pick=st.integers(0, 10**6))
    def deliver_again(self, pick: int) -> None:
        rows = sa.select(Delivery, EventRecord).join(EventRecord, EventRecord.id == Delivery.event_id)
        with transaction():
            done = db.session.execute(rows.filter(Delivery.queue == "billing").order_by(Delivery.id)).all()
            if done:
                delivery, event = done[pick % len(done)]
                listener = outbox.listener_named(delivery.listener)
                facts = {name: getattr(event, name) for name in Recorded.__slots__ if hasattr(event, name)}
                listener.handle(Recorded(delivery_id=delivery.id, event_id=event.id, **facts))

    # What has to hold

    @invariant()
    def the_books_hold(self) -> None:
        with transaction():
            broken = [finding for finding in check_all() if finding.violations]
        assert not broken, "\n".join(f"{each.name}: {each.rule} {each.examples}" for each in broken)

    @invariant()
    def what_is_owed_is_billed(self) -> None:
        """Up to today after a run; and never a day that nobody owes."""
        for account in self.accounts:
            if account.cycle is Cycle.ONE_TIME or self.is_parked(account):
                continue
            billed = self.billed_days(account)
            wrong = {each for each in billed - account.kept if not account.owes(*each)}
            assert not wrong, f"billed and not owed: {spans(wrong)}"
            if self.bill_is_fresh:
                left_out = account.owed_days(self.today + timedelta(1)) - billed
                assert not left_out, f"owed and not billed: {spans(left_out)}"

    @invariant()
    def each_line_is_its_share_of_the_price(self) -> None:
        """Of the price that holds on its days, those apart that were given back."""
        for account in self.accounts:
            prorate = self.service(account).prorate
            for line, days in self.lines(account):
                for price in {account.price_on(min(day, self.today)) for day in days}:
                    exact = price * self.share(account, line) if prorate else Fraction(price)
                    assert abs(line.amount_minor - exact) <= Fraction(1, 2), (
                        f"{line.description} {line.amount_minor}"
                    )

    # How it does and finds things

    def act(self, verb, **facts) -> bool:
        """Whether it was done; a refusal changes nothing."""
        self.bill_is_fresh = False
        try:
            with transaction():
                row = verb(**facts, by=None, at=portal_clock.now())
                done = not getattr(row, "already_done_message", "")
        except DomainError:
            return False
        tally = drain_all()
        assert not tally["failed"] and not tally["lost"], tally
        return done

    def bill_now(self) -> None:
        batches.bill(self.today)
        drain_all()
        self.bill_is_fresh = True

    def carry_out(self) -> None:
        """The cancellations that have come."""
        due = [account for account in self.accounts if self.service(account).has_scheduled_cancellation]
        before = {account.service_id: self.billed_days(account) for account in due}
        self.bill_is_fresh = False
        assert not batches.cancel_due(self.today).failed
        drain_all()
        prices.change_prices(self.today)
        drain_all()
        for account in due:
            self._ended(account, before[account.service_id])

    def _ended(self, account: Account, billed_before: set[tuple[int, date]]) -> None:
        service = self.service(account)
        if service.status is Status.CANCELLED:
            account.stop(service.cancel_on)
            if service.cancel_unused is Unused.NOTHING:
                account.kept |= {each for each in billed_before if each[1] >= service.cancel_on}

    @property
    def today(self) -> date:
        return portal_clock.today()

    def service(self, account: Account) -> ClientService:
        return db.session.get_one(ClientService, account.service_id, populate_existing=True)

    def of_status(self, *statuses: Status) -> list[Account]:
        return [account for account in self.accounts if self.service(account).status in statuses]

    def one(self, pick: int, *statuses: Status) -> Account:
        those = self.of_status(*statuses)
        return those[pick % len(those)]

    def document(self, pick: int, *statuses: InvoiceStatus) -> Invoice | None:
        rows = sa.select(Invoice).where(Invoice.status.in_(statuses), Invoice.kind == InvoiceKind.INVOICE)
        found = db.session.scalars(rows.order_by(Invoice.id)).all()
        return found[pick % len(found)] if found else None

    def timetable_of(self, service: ClientService, first_on: date) -> Timetable:
        return Timetable(first_on, service.client.billing_day or first_on.day, service.billing_cycle)

    def is_parked(self, account: Account) -> bool:
        of_service = sa.select(RecurringBilling.status).filter_by(client_service_id=account.service_id)
        return ScheduleStatus.PARKED in db.session.scalars(of_service).all()

    def lines(self, account: Account) -> list[tuple[InvoiceLine, set[date]]]:
        """What was billed, each line with the days that no act gave back."""
        rows = sa.select(InvoiceLine).join(Invoice).where(
            InvoiceLine.client_service_id == account.service_id, InvoiceLine.kind == LineKind.RECURRING,
            Invoice.status != InvoiceStatus.VOID,
        )  # fmt: skip
        return [(line, self.days_left(line)) for line in db.session.scalars(rows.order_by(InvoiceLine.id))]

    def days_left(self, line: InvoiceLine) -> set[date]:
        days = days_of(line)
        credits = sa.select(InvoiceLine).join(Invoice).filter(
            InvoiceLine.corrects_line_id == line.id, Invoice.status != InvoiceStatus.VOID
        )  # fmt: skip
        for credit in db.session.scalars(credits):
            if (credit.source_key or "").startswith("event:"):
                days -= days_of(credit)
        return days

    def billed_days(self, account: Account) -> set[tuple[int, date]]:
        """(client, day) that is billed and not given back; a day billed twice is no set, and fails."""
        days = [(line.invoice.client_id, day) for line, its in self.lines(account) for day in its]
        assert len(days) == len(set(days)), "a day is billed twice"
        return set(days)

    def share(self, account: Account, line: InvoiceLine) -> Fraction:
        """Its days of the days of the anchored period around them."""
        if account.cycle is Cycle.ONE_TIME:
            return Fraction(1)
        tenures = [each for each in account.owed if each.client_id == line.invoice.client_id]
        timetable = next(each.timetable for each in tenures if each.has(line.period_start))
        whole = timetable.anchored_period_containing(line.period_start)
        assert line.period_end <= whole.end, f"{line.description} goes over the boundary {whole.end}"
        return Fraction((line.period_end - line.period_start).days, whole.days)


def days_of(line: InvoiceLine) -> set[date]:
    return {line.period_start + timedelta(n) for n in range((line.period_end - line.period_start).days)}


def spans(days: set[tuple[int, date]]) -> str:
    """For whoever reads a failure: the first and the last of them."""
    return f"client, day {min(days)} … {max(days)}, {len(days)} days"
