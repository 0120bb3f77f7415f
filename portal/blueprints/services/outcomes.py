"""What a move will do, in sentences: the money, the days, and who will be told. Nothing is changed by asking."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from portal.blueprints.services import forms
from portal.clock import today
from portal.domain import lifecycle
from portal.domain.billing import forecast
from portal.domain.billing.forecast import GivenBack, NextInvoice
from portal.domain.lifecycle import ClientService
from portal.domain.lifecycle.queries import renewal_price
from portal.domain.lifecycle.rules import CancellationFee, ProvisioningStatus, Status
from portal.domain.money import Money
from portal.domain.notices.queries import told_of
from portal.domain.periods import Cycle
from portal.domain.provisioning.queries import missing
from portal.domain.renewals.rules import next_term
from portal.domain.wording import few
from portal.domain.words import Unused
from portal.web.filters import formats

Item = tuple[str, str]


@dataclass(frozen=True)
class Outcome:
    """`sentence` says it plainly, `items` are the consequences with an icon each, `verb` stands on the button."""

    title: str
    sentence: str
    verb: str
    items: list[Item] = field(default_factory=list)
    warning: str = ""


def of_activation(service: ClientService, form: forms.ActivateForm) -> Outcome:
    unfinished = service.provisioning_status is not ProvisioningStatus.COMPLETED
    gaps = "; ".join(missing(service)) or "nobody has confirmed that it is complete"
    return Outcome(
        f"Activate {service.name}",
        f"{service.name} for {service.client.name} becomes active today, and its billing is set up.",
        "Activate all the same" if unfinished else "Activate",
        [*_first_invoice(service), *_told("service_activated", service)],
        warning=f"Its set-up is not finished: {gaps}." if unfinished else "",
    )


def of_suspension(service: ClientService, form: forms.SuspendForm) -> Outcome:
    credit = forecast.given_back_on_suspension(service)
    return Outcome(
        f"Suspend {service.name}",
        f"{service.name} for {service.client.name} is paused from today until somebody resumes it."
        " Nothing is billed meanwhile.",
        f"Suspend and credit {_money(credit.amount)}" if credit and credit.amount else "Suspend",
        [_credit(credit), _mrr(service, "less"), *_told("service_suspended", service)],
    )


def of_resumption(service: ClientService, form: forms.MoveForm) -> Outcome:
    return Outcome(
        f"Resume {service.name}",
        f"{service.name} for {service.client.name} runs again from today.",
        "Resume",
        [
            ("receipt", "Billing goes on from today, on the old billing day; the pause is not billed."),
            _mrr(service, "more"),
            *_told("service_resumed", service),
        ],
    )


def of_renewal(service: ClientService, form: forms.RenewForm) -> Outcome:
    starts, months = service.renewal_date or service.end_date or today(), form.months.data or 0
    price, now = renewal_price(service), service.cycle_price
    term = next_term(start_date=service.start_date, renewal_date=starts, months=max(1, min(months, 120)))
    change = "the same as now" if price == now else f"now {_money(now)}"
    return Outcome(
        f"Renew {service.name}",
        f"The next term of {service.name} for {service.client.name} runs from {_day(term.start)} to {_day(term.end)}.",
        f"Renew for {months} months at {_money(price)}",
        [
            ("tag", f"{_money(price)} {service.billing_cycle.per}, {change}."),
            ("calendar", "No day is lost or billed twice: the term begins where the present one ends."),
            *_told("service_renewed", service),
        ],
    )


def of_assignment(service: ClientService, form: forms.AssignForm) -> Outcome:
    return Outcome(
        f"Assign {service.name}",
        f"Who looks after {service.name} for {service.client.name}: sets it up, gets its incidents and its messages.",
        "Assign",
    )


def of_transfer(service: ClientService, form: forms.TransferForm) -> Outcome:
    day = form.effective_on.data or today()
    names = dict(form.client_id.choices)
    to = names.get(form.client_id.data or "", "") if form.client_id.data else "another client"
    credit = forecast.given_back(service, day)
    return Outcome(
        f"Transfer {service.name}",
        f"{service.name} goes from {service.client.name} to {to} as of {_day(day)}.",
        f"Transfer and credit {_money(credit.amount)}" if credit.amount else "Transfer",
        [
            _credit(credit, f"to {service.client.name}"),
            ("receipt", "The new client is billed from that day, on its own billing day."),
            ("file-invoice", f"{service.client.name} keeps the invoices issued so far."),
            ("link", "Contract and escalation contact are taken off: they belong to the old client."),
            *_told("service_transferred", service),
        ],
    )


def of_completion(service: ClientService, form: forms.MoveForm) -> Outcome:
    return Outcome(
        f"Complete {service.name}",
        f"{service.name} for {service.client.name} is over: its work is done or its term has run out.",
        "Complete",
        [
            ("receipt", "Its billing ends today. It cannot be taken up again."),
            *_told("service_completed", service),
        ],
    )


def of_cancellation(service: ClientService, form: forms.CancelForm) -> Outcome:
    day = form.effective_on.data or today()
    computed = lifecycle.fee_preview(service, day)
    fee = computed.fee if (other := _other_fee(form)) is None else other
    form.seen_fee.data = str(computed.fee.minor)
    when = "today" if day == today() else f"on {_day(day)}"
    verb = f"Cancel service and bill {_money(fee)}" if fee else "Cancel service"
    items = [("receipt", _fee(computed, fee, service.end_date))]
    items.append(_unused(service, day, form.unused.data))
    if day > today():
        items.append(
            ("clock", "Until then it stays active, is billed, and the cancellation can be withdrawn.")
        )
    if service.status is not Status.PENDING:
        items.append(_mrr(service, "less", "" if day <= today() else f" from {_day(day)} on"))
    return Outcome(
        f"Cancel {service.name}",
        f"{service.name} for {service.client.name} ends {when}.",
        verb,
        [*items, *_told("service_cancelled", service)],
    )


def _fee(computed: CancellationFee, fee: Money, ends: date | None) -> str:
    """ "Fee 15,000.00 USD: 50 % of the remaining 12 months, to 1 Jan 2028; 30,000.00 USD are left." """
    if fee != computed.fee:
        return f"Fee {_money(fee)} instead of the computed {_money(computed.fee)}."
    if not fee:
        return computed.words or "No fee."
    words = computed.words.replace(str(ends), _day(ends))
    return f"Fee {_money(fee)}: {words}; {_money(computed.remaining)} are left."


def of_withdrawal(service: ClientService, form: forms.MoveForm) -> Outcome:
    fee = Money(service.cancellation_fee_minor or 0, service.currency)
    dropped = [("receipt", f"The fee of {_money(fee)} is not billed.")] if fee else []
    return Outcome(
        f"Withdraw the cancellation of {service.name}",
        f"{service.name} for {service.client.name} goes on as if it had never been cancelled.",
        "Withdraw the cancellation",
        [("calendar", f"It was to end on {_day(service.cancel_on)}."), *dropped],
    )


def _first_invoice(service: ClientService) -> Iterable[Item]:
    first = forecast.first_invoice(service)
    if not first.total:
        return [("receipt", "Nothing is billed: its price is zero.")]
    return [("file-invoice", f"First invoice of {_money(first.total)} on {_day(first.on)}: {_lines(first)}.")]


def _lines(invoice: NextInvoice) -> str:
    """ "2,500.00 USD for 1 Dec 2026 – 31 Dec 2026, 500.00 USD set-up" """
    parts = [
        f"{_money(charge.amount)} for {_day(charge.period.start)} – {_day(charge.period.last_day)}"
        + (f" ({charge.words})" if charge.words else "")
        for charge in invoice.charges[:3]
    ]
    if len(invoice.charges) > 3:
        parts.append(f"{len(invoice.charges) - 3} further periods")
    return ", ".join(parts + ([f"{_money(invoice.setup)} set-up"] if invoice.setup else []))


def _credit(credit: GivenBack | None, whom: str = "") -> Item:
    if credit is None:
        return ("receipt", "Days billed ahead are not credited: the settings say so.")
    if not credit.amount:
        return ("receipt", "Nothing is billed ahead, so there is nothing to credit.")
    return ("receipt", f"Credit {_money(credit.amount)} {whom}".rstrip() + f" for {credit.words}.")


def _unused(service: ClientService, day: date, choice: str | None) -> Item:
    if choice == Unused.NOTHING:
        return ("receipt", "Days billed ahead are not credited.")
    if choice == Unused.DEDUCT:
        credit = forecast.given_back(service, day)
        if credit.amount:
            return ("receipt", f"Deduct {_money(credit.amount)} for {credit.words} from what is unpaid.")
    return _credit(forecast.given_back(service, day))


def _mrr(service: ClientService, direction: str, when: str = "") -> Item:
    if service.billing_cycle is Cycle.ONE_TIME:
        return ("minus", "Monthly revenue stays as it is.")
    icon = "trending-down" if direction == "less" else "trending-up"
    return (icon, f"Monthly revenue: {_money(service.monthly_cost)} {direction}{when}.")


def _other_fee(form: forms.CancelForm) -> Money | None:
    if "fee" not in form or form.fee.errors:
        return None
    return form.other_fee()


def _told(kind: str, service: ClientService) -> list[Item]:
    names = told_of(kind, service)
    return [("mail", f"{few(names)} will be told.")] if names else []


def _money(amount: Money) -> str:
    return formats().money(amount)


def _day(day: date | None) -> str:
    return formats().date(day)
