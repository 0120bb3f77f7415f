"""Entries of the books as balanced journal lines. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.domain.money import Money
from portal.domain.words import EntryKind


class Unbalanced(ValueError):
    """Debit and credit of an entry differ: it is not exported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Account codes. `by_product`: of SKUs and of types of service, in lower case; a product wins over its type."""

    receivable: str
    bank: str
    tax: str
    revenue: str
    by_product: Mapping[str, str]

    def revenue_of(self, sku: str, service_type: str) -> str:
        for name in (sku, service_type):
            if name.lower() in self.by_product:
                return self.by_product[name.lower()]
        return self.revenue


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a document's amount: of one product before tax, or the tax of one rate."""

    amount: Money
    sku: str = ""
    service_type: str = ""
    tax_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One entry as the ledger gets it. `shares` only for documents; they make its amount."""

    kind: EntryKind
    source_id: int
    on: date
    number: str
    client_code: str
    client: str
    amount: Money
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One side of an entry: above zero is debit, below zero credit."""

    booking: Booking
    account: str
    words: str
    amount: Money


def revenue_accounts(text: str) -> dict[str, str]:
    """{name in lower case: account} of lines such as "hosting = 4100". Raises ValueError."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            name, is_given, account = (part.strip() for part in line.partition("="))
            if not (name and is_given and account):
                raise ValueError(f"Line {number}: write it like hosting = 4100.")
            found[name.lower()] = account
    return found


def lines_of(booking: Booking, accounts: Accounts) -> list[Line]:
    """The receivable on one side, on the other revenue and tax, or the bank. Raises Unbalanced."""
    other = _of_document if booking.kind in DOCUMENTS else _of_bank
    sides = [
        (accounts.receivable, f"{booking.kind.label} {booking.number}".strip(), booking.amount),
        *other(booking, accounts),
    ]
    lines = [
        Line(booking=booking, account=account, words=words, amount=amount)
        for account, words, amount in sides
        if amount
    ]
    check_balance(booking, lines)
    return lines


DOCUMENTS = (EntryKind.INVOICE, EntryKind.CREDIT_NOTE, EntryKind.VOID)
Side = tuple[str, str, Money]


def _of_document(booking: Booking, accounts: Accounts) -> list[Side]:
    """Revenue by account, then tax by rate."""
    nothing = Money.zero(booking.amount.currency)
    revenue: dict[tuple[str, str], Money] = {}
    for share in booking.shares:
        if share.tax_rate is None:
            account = accounts.revenue_of(share.sku, share.service_type)
            place = account, share.service_type.replace("_", " ").capitalize() or "Other"
            revenue[place] = revenue.get(place, nothing) - share.amount
    taxes = [
        (accounts.tax, f"Tax {share.tax_rate.normalize():f} %", -share.amount)
        for share in booking.shares
        if share.tax_rate is not None
    ]
    return [
        (account, words, amount) for (account, words), amount in sorted(revenue.items(), key=_place)
    ] + taxes


def _place(item: tuple[tuple[str, str], Money]) -> tuple[str, str]:
    return item[0]


def _of_bank(booking: Booking, accounts: Accounts) -> list[Side]:
    return [(accounts.bank, booking.kind.label, -booking.amount)]


def check_balance(booking: Booking, lines: Sequence[Line]) -> None:
    """Raises Unbalanced, also for a line in another currency than its entry's."""
    currency = booking.amount.currency
    is_mixed = any(line.amount.currency != currency for line in lines)
    if is_mixed or sum(line.amount.minor for line in lines) != 0:
        raise Unbalanced(f"{booking.kind.label} {booking.number} of {booking.client_code} does not balance.")


def debits(lines: Iterable[Line]) -> dict[str, int]:
    """{currency: minor units of debit}."""
    sums: dict[str, int] = {}
    for line in lines:
        currency = line.amount.currency
        sums[currency] = sums.get(currency, 0) + max(line.amount.minor, 0)
    return sums
