"""What a price change will do, in sentences with the money: exactly what will be billed."""

from datetime import date

from portal.blueprints.services.outcomes import Item, Outcome
from portal.blueprints.services.price_form import PriceForm
from portal.clock import today
from portal.domain.billing.price_preview import Effect, effect
from portal.domain.errors import Invalid
from portal.domain.fields import BadValue
from portal.domain.lifecycle import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import BadAmount, Money
from portal.domain.notices.queries import told_of
from portal.domain.wording import few
from portal.web.filters import formats


def of_price_change(service: ClientService, form: PriceForm) -> Outcome:
    title = f"Change the price of {service.name}"
    costs = f"{_money(service.cycle_price)} {service.billing_cycle.per}"
    sentence = f"{service.name} for {service.client.name} costs {costs}."
    foreseen = _effect(service, form)
    if foreseen is None:
        return Outcome(title, sentence, "Change the price")
    form.seen_price.data = str(foreseen.before.cycle_price.minor)
    if foreseen.after == foreseen.before:
        return Outcome(title, sentence, "Change the price", [("info-circle", "Nothing is changed so far.")])
    price = _money(foreseen.after.cycle_price)
    when = "" if foreseen.on == today() else f" on {_day(foreseen.on)}"
    return Outcome(title, sentence, f"Change to {price}{when}", list(_items(service, foreseen)))


def _effect(service: ClientService, form: PriceForm) -> Effect | None:
    """None while what was entered makes no price: the fields say why when it is sent."""
    try:
        return effect(service, form.wanted(), form.day)
    except (BadAmount, BadValue, Invalid):
        return None


def _items(service: ClientService, foreseen: Effect) -> list[Item]:
    before, after = foreseen.before, foreseen.after
    per, day = service.billing_cycle.per, _day(foreseen.on)
    since = "from today on" if foreseen.on == today() else f"from {day} on"
    prices = f"{_money(before.cycle_price)} → {_money(after.cycle_price)} {per}"
    items = [("tag", f"{prices}, {since}{_terms(foreseen)}.")]
    items += _billing(service, foreseen)
    if service.status is not Status.PENDING and foreseen.monthly:
        gains = foreseen.monthly.minor > 0
        paused = "Paused monthly revenue" if service.status is Status.SUSPENDED else "Monthly revenue"
        words = f"{paused}: {_money(abs(foreseen.monthly))} {'more' if gains else 'less'}, {since}."
        items.append(("trending-up" if gains else "trending-down", words))
    until = after.discount.until if after.discount else None
    if until:
        items.append(("calendar", f"On {_day(until)} it is {_money(after.full)} again."))
    names = told_of("price_changed", service)
    return [*items, *([("mail", f"{few(names)} will be told.")] if names else [])]


def _terms(foreseen: Effect) -> str:
    after = foreseen.after
    parts = []
    if after.quantity != 1 and after.unit_price is not None:
        parts.append(f"{after.quantity:,} × {_money(after.unit_price)}")
    if after.discount:
        parts.append(f"less {after.discount}")
    return f" ({' '.join(parts)})" if parts else ""


def _billing(service: ClientService, foreseen: Effect) -> list[Item]:
    if service.status is Status.PENDING:
        return [("receipt", "Nothing is billed before its activation: it then starts at this price.")]
    if service.status is Status.SUSPENDED:
        return [
            (
                "receipt",
                "Nothing is credited or charged while it is suspended: the price holds once it runs again.",
            )
        ]
    items = [("receipt", _swap(foreseen))]
    if foreseen.first is not None:
        line = foreseen.first
        part = f" ({line.words})" if line.words else ""
        span = f"{_day(line.period.start)} – {_day(line.period.last_day)}{part}"
        items.append(("file-invoice", f"Next invoice at the new price: {_money(line.amount)} for {span}."))
    return items


def _swap(foreseen: Effect) -> str:
    """ "Credit 233.82 USD for 29 of 31 days, charge 300.00 USD for the same days." """
    if not foreseen.credits:
        return "Nothing was billed ahead at the old price, so nothing is credited or charged."
    days = few([credit.words for credit in foreseen.credits])
    swap = (
        f"Credit {_money(foreseen.credited)} for {days}, charge {_money(foreseen.charged)} for the same days"
    )
    return f"{swap}." if foreseen.on <= today() else f"{swap}, on {_day(foreseen.on)}."


def _money(amount: Money) -> str:
    return formats().money(amount)


def _day(day: date) -> str:
    return formats().date(day)
