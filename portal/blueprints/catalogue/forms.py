"""What is entered into the catalogue. What may stand there is the domain's question."""

from collections.abc import Sequence
from typing import Any

from wtforms import RadioField, SelectField, StringField, TextAreaField

from portal.domain.catalogue import days_off, queries
from portal.domain.catalogue.models import Calendar, Product, SlaPolicy
from portal.domain.catalogue.rules import span_in_words
from portal.domain.fields import timezones
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.words import ServiceLevel, ServiceType, Severity
from portal.web.filters import label
from portal.web.forms import Needed, RecordForm, stored

NUMBER = {"inputmode": "decimal"}
WHOLE = {"inputmode": "numeric"}
CLOCKS = ("response", "resolution")
USUAL = {"service_level": "standard", "billing_cycle": "monthly", "currency": "USD", "term_months": "12",
         "notice_days": "30", "uplift_percent": "0"}  # fmt: skip


class ProductForm(RecordForm):
    sku = StringField(
        "Number", [Needed()], description="Short, and for good: addresses and imports know the product by it."
    )
    name = StringField("Name", [Needed()])
    description = TextAreaField("Description", description="Stands on offers.", render_kw={"rows": 3})
    service_type = SelectField(
        "Type", [Needed()], choices=[(each.value, each.label) for each in ServiceType], validate_choice=False
    )
    category = StringField("Category", description="Your own grouping, such as infrastructure.")
    service_level = SelectField(
        "Level",
        [Needed()],
        choices=[(each.value, each.label) for each in ServiceLevel],
        validate_choice=False,
    )
    billing_cycle = SelectField(
        "Billed", [Needed()], choices=[(each.value, each.label) for each in Cycle], validate_choice=False
    )
    currency = StringField(
        "Currency", [Needed()], render_kw={"list": "currencies", "autocomplete": "off", "maxlength": 3}
    )
    price = StringField("Price", [Needed()], render_kw=NUMBER)
    price_per = RadioField(
        "The price is for",
        [Needed()],
        choices=[("cycle", "one billing cycle"), ("month", "one month, whatever the cycle")],
        default="cycle",
        validate_choice=False,
    )
    setup_fee = StringField("Set-up fee", description="Once, on the first invoice.", render_kw=NUMBER)
    term_months = StringField(
        "Term in months", [Needed()], description="0: services run without an end.", render_kw=WHOLE
    )
    notice_days = StringField(
        "Notice in days",
        [Needed()],
        description="The decision is due so long before the end.",
        render_kw=WHOLE,
    )
    uplift_percent = StringField(
        "Uplift at renewal in %", [Needed()], description="A contract’s own wins.", render_kw=NUMBER
    )
    uplift_cap_percent = StringField("Uplift at most, in %", description="Empty: no limit.", render_kw=NUMBER)
    cancellation_fee_percent = StringField(
        "Cancellation fee in %",
        description="Of what remains of the term. Empty: the company’s. A contract’s own wins.",
        render_kw=NUMBER,
    )
    sla_policy_id = SelectField(
        "SLA policy", validate_choice=False, description="What a new service begins with."
    )
    required_skills = StringField(
        "Skills needed", description="With commas between. For choosing who sets it up."
    )

    def __init__(self, *args: Any, policies: Sequence[SlaPolicy] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [each for each in policies if each.is_active or str(each.id) == self.sla_policy_id.data]
        self.sla_policy_id.choices = [("", "None"), *((str(each.id), each.name) for each in offered)]


def product_form(product: Product | None = None, *, sent: bool = False) -> ProductForm:
    """Filled in with what was sent, or with what is stored, or with what is usual."""
    policies = queries.policies()
    if sent:
        return ProductForm(policies=policies)
    data = of_product(product) if product else USUAL
    return ProductForm(formdata=None, data=data, policies=policies)


def of_product(product: Product) -> dict[str, Any]:
    fee = Money(product.setup_fee_minor, product.currency)
    return stored(
        product, "sku", "name", "description", "service_type", "category", "service_level", "billing_cycle",
        "currency", "term_months", "notice_days", "uplift_percent", "uplift_cap_percent",
        "cancellation_fee_percent", "version",
    ) | {
        "price": str(queries.price_of(product).amount),
        "setup_fee": str(fee.amount) if fee else "",
        "sla_policy_id": str(product.sla_policy_id or ""),
        "required_skills": ", ".join(product.required_skills),
    }  # fmt: skip


class PolicyForm(RecordForm):
    name = StringField("Name", [Needed()])
    calendar_id = SelectField(
        "Business hours", [Needed()], validate_choice=False, description="The clocks run in these hours only."
    )
    availability_target = StringField(
        "Availability in %", [Needed()], description="Promised for every month.", render_kw=NUMBER
    )
    terms = TextAreaField("Terms", description="Printed in the SLA report.", render_kw={"rows": 4})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar_id.choices = [(str(each.id), each.name) for each in queries.calendars()]

    def values(self) -> dict[str, Any]:
        """With the targets as the domain takes them: (response, resolution) by severity."""
        entered = super().values()
        targets = {each: tuple(entered.pop(f"{each}_{clock}") for clock in CLOCKS) for each in Severity}
        return entered | {"targets": targets}


for _severity in Severity:
    for _clock in CLOCKS:
        setattr(PolicyForm, f"{_severity}_{_clock}", StringField(f"{label(_severity)}: {_clock}", [Needed()]))


def of_policy(policy: SlaPolicy) -> dict[str, Any]:
    targets = {
        f"{each.severity}_{clock}": span_in_words(getattr(each, f"{clock}_minutes"))
        for each in policy.targets
        for clock in CLOCKS
    }
    known = stored(policy, "name", "availability_target", "terms", "version")
    return known | targets | {"calendar_id": str(policy.calendar_id)}


class CalendarForm(RecordForm):
    name = StringField("Name", [Needed()])
    timezone = StringField(
        "Time zone",
        [Needed()],
        description="On whose wall the hours are read.",
        render_kw={"list": "timezones", "autocomplete": "off"},
    )
    windows = StringField(
        "Hours",
        [Needed()],
        description="Such as Mon-Fri 08:00-12:00,13:00-17:00;Sat 10:00-14:00. Always open: Mon-Sun 00:00-24:00.",
    )
    holidays_country = SelectField(
        "Public holidays of",
        choices=[("", "No country"), *days_off.countries()],
        validate_choice=False,
        description="Closed on these days, in every year.",
    )
    region = StringField(
        "Region", description="Its code, such as BY, for its own holidays.", render_kw={"maxlength": 30}
    )
    zones = timezones()

    def values(self) -> dict[str, Any]:
        """Country and region are one value of the domain."""
        entered = super().values()
        country, region = entered["holidays_country"], (entered.pop("region") or "").strip()
        return entered | {"holidays_country": f"{country}-{region}" if region else country}


def of_calendar(calendar: Calendar) -> dict[str, Any]:
    country, _, region = calendar.holidays_country.partition("-")
    known = stored(calendar, "name", "timezone", "windows", "version")
    return known | {"holidays_country": country, "region": region}
