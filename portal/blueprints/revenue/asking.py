"""What the address of a revenue page asks for: which part of the business, which currency, which months."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from portal.domain import metrics
from portal.domain.company.identity import identity
from portal.domain.metrics import Scope, queries
from portal.domain.metrics.figures import Mrr
from portal.domain.periods import add_months
from portal.domain.words import ServiceType
from portal.web.filtering import Args, clean

SPANS = (6, 12, 24, 36)
USUAL = 12
TREND = 24
AHEAD = (6, 12, 24)


@dataclass(frozen=True)
class Asked:
    """`scope` without a currency; `currency`: the one that is looked at; `last`: first day of the last month."""

    scope: Scope
    currency: str
    months: int
    last: date
    ahead: int

    @property
    def first(self) -> date:
        return add_months(self.last, 1 - self.months)

    @property
    def in_currency(self) -> Scope:
        part = self.scope
        return Scope(self.currency, part.client, part.service_type, part.product, part.manager)

    def state(self, **changes: Any) -> str:
        """The query of this address with some parameters changed; None takes one away."""
        part = self.scope
        usual = {
            "months": self.months if self.months != USUAL else None,
            "ahead": self.ahead if self.ahead != USUAL else None,
            "until": f"{self.last:%Y-%m}",
            "currency": self.currency,
            "client": part.client,
            "type": part.service_type,
            "product": part.product,
            "manager": part.manager,
        }
        return urlencode({name: str(value) for name, value in (usual | changes).items() if value is not None})

    def ledger_state(self, month: date | None = None, **changes: Any) -> str:
        """The query of the list of movements that these figures add up."""
        of = {"on_date_from": month or self.first, "on_date_to": _last_day(month or self.last)}
        part = self.scope
        its = {"currency": self.currency, "client": part.client, "type": part.service_type}
        more = {"product": part.product, "manager": part.manager}
        return urlencode({name: str(value) for name, value in (of | its | more | changes).items() if value})


def asked(args: Args, today: date) -> Asked:
    """Whatever cannot be read is left out: an old or broken link still shows figures."""
    manager = args.get("manager", "")
    scope = Scope(
        client=clean(args.get("client", "")) or None,
        service_type=next((each for each in ServiceType if each == args.get("type")), None),
        product=clean(args.get("product", "")) or None,
        manager=int(manager) if manager.isdecimal() and len(manager) < 19 else None,
    )
    return Asked(
        scope=scope,
        currency=_currency(args.get("currency", "")),
        months=_one_of(SPANS, args.get("months", "")),
        last=_month(args.get("until", ""), today),
        ahead=_one_of(AHEAD, args.get("ahead", "")),
    )


def shown(figures: list[Mrr], currency: str) -> Mrr | None:
    return next((each for each in figures if each.total.currency == currency), None)


def _currency(entered: str) -> str:
    """As asked for, if the ledger knows it; else the company's; else the one with most MRR."""
    known, own = queries.currencies(), identity().currency
    if entered in known:
        return entered
    if own in known or not known:
        return own
    largest = metrics.mrr()
    return largest[0].total.currency if largest else known[0]


def _one_of(choices: tuple[int, ...], entered: str) -> int:
    return next((each for each in choices if str(each) == entered), USUAL)


def _month(entered: str, today: date) -> date:
    """At most this month: of those to come there is a projection, no ledger."""
    try:
        month = date.fromisoformat(f"{entered}-01")
    except ValueError:
        month = today
    return min(month, today).replace(day=1) if month.year >= 1990 else today.replace(day=1)


def _last_day(month: date) -> date:
    return add_months(month, 1) - timedelta(days=1)
