"""The worked examples of rule book 3, 4 and 5, and whatever else stands in cases.toml: from acts to lines."""

import tomllib
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import lifecycle
from portal.domain.billing.models import Invoice, InvoiceLine
from portal.domain.money import Money
from portal.domain.words import Unused
from portal.jobs import batches, prices
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_product

CASES = tomllib.loads(Path(__file__).with_name("cases.toml").read_text())["case"]
FACTS = {
    "title", "price", "currency", "cycle", "start", "billing_day", "new_billing_day", "setup", "tax", "prorate",
    "credit_on_suspend", "term_months", "acts", "lines", "lines_from",
}  # fmt: skip
pytestmark = pytest.mark.usefixtures("session")


class Case:
    """One case on its way: `service` and the client that it may go to."""

    def __init__(self, facts, clock) -> None:
        assert facts.keys() <= FACTS, f"a case does not know {facts.keys() - FACTS}"
        self.clock, self.currency = clock, facts.get("currency", "USD")
        self.clock.set(date.fromisoformat(facts["acts"][0].split()[0]))
        self.old = self._client(facts, "billing_day")
        self.new = self._client(facts, "new_billing_day")
        product = make_product(currency=self.currency, term_months=facts.get("term_months", 12))
        with transaction():
            service = lifecycle.provision(
                self.old.id, product.id, start_date=facts["start"], billing_cycle=facts.get("cycle", "monthly"),
                cycle_price_minor=self.minor(facts["price"]), setup_cost_minor=self.minor(facts.get("setup", "0")),
                prorate=facts.get("prorate", True), credit_on_suspend=facts.get("credit_on_suspend"),
                by=None, at=portal_clock.now(),
            )  # fmt: skip
            self.service_id = service.id
        self.do(lifecycle.activate, override_reason="it is ready")

    def _client(self, facts, billing_day):
        return make_client(
            currency=self.currency, billing_day=facts.get(billing_day), tax_rate_percent=facts.get("tax", 0)
        )

    def minor(self, text):
        return Money.of(text, self.currency).minor

    def do(self, verb, **facts):
        with transaction():
            verb(service_id=self.service_id, **facts, by=None, at=portal_clock.now())
        tally = drain_all()
        assert not tally["failed"]

    def act(self, line):
        day, what, *words = line.split()
        self.clock.set(date.fromisoformat(day))
        getattr(self, what)(*words)

    def bill(self):
        """The night: prices that have come, then the run."""
        prices.change_prices(portal_clock.today())
        drain_all()
        assert batches.bill(portal_clock.today()).parked == 0

    def due(self):
        batches.cancel_due(portal_clock.today())
        drain_all()

    def suspend(self):
        self.do(lifecycle.suspend, reason="unpaid")

    def resume(self):
        self.do(lifecycle.resume)

    def cancel(self, day="", unused=Unused.CREDIT):
        on = date.fromisoformat(day) if day else portal_clock.today()
        self.do(lifecycle.cancel, effective_on=on, reason="gone", unused=unused)

    def withdraw(self):
        self.do(lifecycle.withdraw_cancellation)

    def transfer(self, day=""):
        on = date.fromisoformat(day) if day else portal_clock.today()
        self.do(lifecycle.transfer, client_id=self.new.id, effective_on=on)

    def renew(self, months, price):
        self.do(lifecycle.renew, months=int(months), cycle_price=Money.of(price, self.currency))

    def lines(self, since):
        rows = sa.select(InvoiceLine).join(Invoice).order_by(Invoice.id, InvoiceLine.id)
        return [
            self.words(line)
            for line in db.session.scalars(rows)
            if line.period_start is None or line.period_start >= since
        ]

    def words(self, line):
        """As cases.toml writes it: recurring 2026-01-11/2026-02-01 2100.00; 21 of 31 days"""
        whose = "new " if line.invoice.client_id == self.new.id else ""
        period = f"{line.period_start}/{line.period_end or '-'}" if line.period_start else "-"
        amount = Money(line.amount_minor, line.invoice.currency).amount
        said = line.description.rpartition(" – ")[2].removeprefix("credit for ")
        is_plain = " – " not in line.description
        return f"{whose}{line.kind} {period} {amount}" + ("" if is_plain else f"; {said}")


@pytest.mark.parametrize("facts", CASES, ids=[case["title"] for case in CASES])
def test_what_is_billed(facts, clock):
    case = Case(facts, clock)
    for act in facts["acts"]:
        case.act(act)
    assert case.lines(facts.get("lines_from", date.min)) == facts["lines"]
