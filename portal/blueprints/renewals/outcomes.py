"""What a decision will do, in sentences: the money, the days, and who will be told. Nothing is changed by asking."""

from datetime import date, timedelta

from portal.blueprints.renewals import forms
from portal.blueprints.services.forms import MoveForm
from portal.blueprints.services.outcomes import Item, Outcome
from portal.clock import today
from portal.domain.lifecycle import ClientService
from portal.domain.lifecycle.queries import grace_ends_on
from portal.domain.money import BadAmount, Money
from portal.domain.notices.queries import told_of
from portal.domain.renewals.facts import standing_of
from portal.domain.renewals.prices import price_of
from portal.domain.renewals.rules import next_term
from portal.domain.wording import few
from portal.web.filters import formats


def of_approval(service: ClientService, form: forms.ApproveForm) -> Outcome:
    offer, months = price_of(service), max(1, min(form.months.data or 1, 120))
    price = _entered(form) or offer.price
    starts = service.renewal_date or service.end_date or today()
    term = next_term(start_date=service.start_date, renewal_date=starts, months=months)
    why = offer.reason if price == offer.price else f"instead of {_money(offer.price)}"
    is_over = starts <= today()
    against = "; ".join(standing_of(service).reasons)
    return Outcome(
        f"Approve the renewal of {service.name}",
        f"The next term of {service.name} for {service.client.name} runs from {_day(term.start)} to {_day(term.end)}.",
        f"{'Renew now' if is_over else 'Approve'} for {months} months at {_money(price)}",
        [
            ("tag", f"{_money(price)} {service.billing_cycle.per}, now {_money(service.cycle_price)}: {why}."),
            ("calendar", "It begins at once, where the old term ended: no day is lost or billed twice." if is_over
             else f"It begins by itself on {_day(term.start)}. Until then everything stays as it is."),
            *(_told("service_renewed", service) if is_over else []),
        ],
        warning=f"It would not renew by itself: {against}." if against else "",
    )  # fmt: skip


def of_denial(service: ClientService, form: forms.DenyForm) -> Outcome:
    ends = max(service.end_date or today(), today())
    is_over = ends <= today()
    when = "today" if is_over else f"on {_day(ends)}"
    return Outcome(
        f"Deny the renewal of {service.name}",
        f"{service.name} for {service.client.name} is not renewed and ends {when}.",
        f"Deny and end it {when}",
        [
            ("receipt", "No cancellation fee. Days billed beyond that day are credited."),
            ("calendar", "This cannot be undone." if is_over else "Until then the denial can be withdrawn."),
            *_told("renewal_denied", service),
        ],
    )


def of_withdrawal(service: ClientService, form: MoveForm) -> Outcome:
    return Outcome(
        f"Withdraw the denial of {service.name}",
        f"The renewal of {service.name} for {service.client.name} is open again.",
        "Withdraw the denial",
        [("calendar", f"It is not cancelled on {_day(service.cancel_on)} any more.")]
        if service.cancel_on
        else [],
    )


def of_grace(service: ClientService, form: forms.GraceForm) -> Outcome:
    now_until = grace_ends_on(service) or today()
    until = now_until + timedelta(days=max(0, min(form.days.data or 0, 365)))
    price = _money(service.cycle_price)
    return Outcome(
        f"Extend the grace of {service.name}",
        f"{service.name} for {service.client.name} runs on until {_day(until)} instead of {_day(now_until)}.",
        "Extend the grace",
        [
            ("receipt", f"It is billed as before, {price} {service.billing_cycle.per}."),
            ("calendar", f"Its term ended on {_day(service.end_date)}: a renewal still begins on that day."),
        ],
    )


def of_note(service: ClientService, form: forms.NoteForm) -> Outcome:
    return Outcome(
        f"Note on the renewal of {service.name}",
        f"What was said with {service.client.name}, and when to speak again. It stands on the board.",
        "Save the note",
    )


def _entered(form: forms.ApproveForm) -> Money | None:
    try:
        return form.other_price()
    except BadAmount:
        return None


def _told(kind: str, service: ClientService) -> list[Item]:
    names = told_of(kind, service)
    return [("mail", f"{few(names)} will be told.")] if names else []


def _money(amount: Money) -> str:
    return formats().money(amount)


def _day(day: date | None) -> str:
    return formats().date(day)
