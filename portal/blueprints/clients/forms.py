"""What is entered about a client, a contact, a contract. What may stand there is the domain's question."""

from typing import Any

from wtforms import BooleanField, EmailField, SelectField, StringField, TextAreaField

from portal.domain.clients.models import Client, Contact, Contract
from portal.domain.clients.rules import MAIL_BY_ROLE
from portal.domain.fields import timezones
from portal.domain.money import Money
from portal.domain.staff import Permission
from portal.domain.staff.queries import who_may
from portal.domain.words import ContactRole
from portal.web.forms import CheckboxGroup, Needed, RecordForm, stored

NUMBER = {"inputmode": "decimal"}
WHOLE = {"inputmode": "numeric"}
DAY = {"type": "date"}
SUSPENSION = [("", "As the company does"), ("yes", "Credit the unused days"), ("no", "Credit nothing")]
BY_MAIL = [("", "As the company does"), ("yes", "Send them when they are issued"), ("no", "Send none")]
OF_THREE = ("credit_on_suspend", "email_invoices")
YES_NO = {"yes": True, "no": False}
MAIL = [(role.value, f"{role.label}: {MAIL_BY_ROLE[role]}") for role in ContactRole]


class ClientForm(RecordForm):
    code = StringField(
        "Code", [Needed()], description="Short, and for good: addresses and imports know the client by it."
    )
    name = StringField("Name", [Needed()], description="As it stands on invoices.")
    account_manager_id = SelectField(
        "Account manager", validate_choice=False, description="Is told of everything that happens here."
    )
    timezone = StringField(
        "Time zone",
        [Needed()],
        description="Where the client is, such as Europe/Berlin.",
        render_kw={"list": "timezones", "autocomplete": "off"},
    )
    locale = StringField(
        "Language and country",
        [Needed()],
        description="How dates and numbers are written on documents: en_US, de_DE.",
        render_kw={"list": "locales", "autocomplete": "off"},
    )
    currency = StringField(
        "Currency",
        [Needed()],
        description="Of all prices and invoices. It stays, once the client has services.",
        render_kw={"list": "currencies", "autocomplete": "off", "maxlength": 3},
    )
    payment_terms_days = StringField(
        "Days to pay", [Needed()], description="From the issue date to the due date.", render_kw=WHOLE
    )
    billing_day = StringField(
        "Billing day",
        description="1 to 31: all services are billed on this day. Empty: each on its own day.",
        render_kw=WHOLE,
    )
    tax_rate_percent = StringField(
        "Tax rate in %", [Needed()], description="On lines without a rate of their own.", render_kw=NUMBER
    )
    tax_exempt = BooleanField("Exempt from tax", description="No line is taxed, whatever the rate.")
    tax_id = StringField("Tax id", description="Printed on invoices.")
    po_number = StringField("Purchase order", description="Printed on invoices from now on.")
    overdue_limit = StringField(
        "Overdue limit",
        description="Services do not renew by themselves while more than this is overdue.",
        render_kw=NUMBER,
    )
    credit_on_suspend = SelectField("When a service is suspended", choices=SUSPENSION, validate_choice=False)
    email_invoices = SelectField("Documents by mail", choices=BY_MAIL, validate_choice=False)
    consolidate_invoices = BooleanField(
        "One invoice for all services", description="Otherwise each service has its own invoice."
    )
    billing_email = EmailField("Address for invoices", description="Beside the contacts for billing.")
    address = TextAreaField("Postal address", render_kw={"rows": 4})
    wants_renewal_notices = BooleanField(
        "Tell the client of renewals", description="30, 14 and 7 days before, to contacts for renewals."
    )
    wants_monthly_report = BooleanField(
        "Send the SLA report each month", description="On the 1st, to contacts for reports."
    )
    wants_payment_reminders = BooleanField(
        "Remind the client of overdue invoices",
        description="In the steps of the finance settings, to contacts for billing.",
    )
    notes = TextAreaField("Notes", description="Only for us.", render_kw={"rows": 4})
    zones = timezones()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        managers = who_may(Permission.MANAGE_CLIENTS)
        self.account_manager_id.choices = [
            ("", "Nobody yet"),
            *((str(each.id), each.name) for each in managers),
        ]

    def values(self) -> dict[str, Any]:
        entered = super().values()
        return entered | {name: YES_NO.get(entered[name]) for name in OF_THREE}


def of_client(client: Client) -> dict[str, Any]:
    """What the form shows of a stored client."""
    names = [field.short_name for field in ClientForm(formdata=None)]
    plain = [name for name in names if name not in ("overdue_limit", "csrf_token")]
    choices = {None: "", True: "yes", False: "no"}
    return stored(client, *plain) | {
        "account_manager_id": str(client.account_manager_id or ""),
        **{name: choices[getattr(client, name)] for name in OF_THREE},
        "overdue_limit": str(Money(client.overdue_limit_minor, client.currency).amount),
    }


class ContactForm(RecordForm):
    name = StringField("Name", [Needed()])
    email = EmailField("E-mail address", [Needed()])
    phone = StringField("Phone")
    roles = CheckboxGroup("Gets mail about", choices=MAIL, validate_choice=False)


def of_contact(contact: Contact) -> dict[str, Any]:
    return stored(contact, "name", "email", "phone", "roles", "version")


class ContractForm(RecordForm):
    number = StringField("Number", [Needed()], description="Belongs to one contract of all clients.")
    name = StringField("Name", description="What people call it.")
    start_date = StringField("Starts on", [Needed()], render_kw=DAY)
    end_date = StringField("Ends on", description="The first day not covered. Empty: no end.", render_kw=DAY)
    cancellation_fee_percent = StringField(
        "Cancellation fee in %",
        description="Of what remains of the term. Empty: the product's, else the company's.",
        render_kw=NUMBER,
    )
    cancellation_fee_cap_months = StringField(
        "Fee at most, in months", description="Empty: no limit.", render_kw=WHOLE
    )
    uplift_percent = StringField(
        "Uplift at renewal in %", description="Empty: the product's.", render_kw=NUMBER
    )
    notes = TextAreaField("Notes", render_kw={"rows": 3})


def of_contract(contract: Contract) -> dict[str, Any]:
    return stored(
        contract,
        "number",
        "name",
        "start_date",
        "end_date",
        "cancellation_fee_percent",
        "cancellation_fee_cap_months",
        "uplift_percent",
        "notes",
        "version",
    )
