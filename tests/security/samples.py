"""What the walks over every route put into addresses and forms.

A new route argument needs a line in ARGUMENTS (by the argument's name), or in BY_RULE when the name alone does not
say what is meant there. A new form needs a line in FIELDS for what cannot be guessed from its inputs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import db, transaction
from portal.domain import billing, bulk, imports, renewals, reports, sla, staff
from portal.domain.billing.models import BillingRun, Invoice, InvoiceLine
from portal.domain.clients.models import Contract
from portal.domain.exchange import ExchangeRate
from portal.domain.lifecycle import ClientService
from portal.domain.money import Money
from portal.domain.notices.models import Notice
from portal.domain.pricing import batches
from portal.domain.pricing.batches import Wanted
from portal.domain.provisioning.models import ProvisioningTask, WizardDraft
from portal.domain.receivables.models import ExportBatch, Statement
from portal.domain.sla.models import Incident
from portal.domain.staff import User, queries, sign_in
from portal.domain.views import SavedView
from portal.domain.words import Channel, InvoiceStatus, LineKind, Severity
from portal.outbox import Delivery, EventRecord
from portal.runs import PeriodicRun, RunState
from tests.books import bad_book, zipped
from tests.factories import Cast, make_contact, make_policy, make_service, make_user

PASSWORD = "correct horse bottle"


@dataclass
class World:
    """A small portal: the cast with PASSWORD, Eve, about whom admins decide, and a service that Tom looks after."""

    cast: Cast
    eve: User
    service: ClientService
    ready: dict[int, dict[str, str]] = field(default_factory=dict)
    """Cookies and token of browsers that walk (walk.Ready), by user."""

    @classmethod
    def make(cls) -> "World":
        cast = Cast.assemble()
        eve = make_user(name="Eve Stone")
        with transaction():
            for user in (*cast.by_role().values(), eve):
                staff.change_password(user_id=user.id, password=PASSWORD, by=user.id, at=clock.now())
        return cls(cast, eve, make_service(status="active", technician_id=cast.tom.id))


Sample = Callable[[World, User], Any]
"""What to put there, given the world and who asks (Eve, where nobody is signed in)."""


def kept(row: Any) -> int:
    """The id of this row, saved."""
    with transaction():
        db.session.add(row)
    return int(row.id)


def link_token(world: World, actor: User) -> str:
    with transaction():
        return queries.token_of(staff.make_reset_link(user_id=world.eve.id, by=None, at=clock.now()))


def other_session(world: World, actor: User) -> int:
    """Another browser of whoever asks."""
    with transaction():
        token = sign_in.open_session(user=actor, address="192.0.2.9", user_agent="", at=clock.now())
    found = queries.browser_of(token, at=clock.now())
    assert found is not None
    return found.session.id


def notice(world: World, actor: User) -> int:
    """One for whoever asks."""
    event_id = db.session.scalars(sa.select(EventRecord.id).limit(1)).one()
    told = {"event_id": event_id, "user_id": actor.id, "channel": Channel.IN_APP, "kind": "service_activated"}
    return kept(Notice(**told, title="Active", path="/services", created_at=clock.now()))


def parked_delivery(world: World, actor: User) -> int:
    with transaction():
        delivery = db.session.scalars(sa.select(Delivery).order_by(Delivery.id).limit(1)).one()
        delivery.done_at, delivery.parked_at = None, clock.now()
        delivery.error, delivery.attempts = "no answer", 8
        return delivery.id


def failed_run(world: World, actor: User) -> int:
    return kept(PeriodicRun(name="bill", slot=clock.now(), state=RunState.FAILED))


def import_run(world: World, actor: User) -> int:
    book = zipped(bad_book())
    with transaction():
        run = imports.request(filename="book.zip", archive=book, is_dry_run=True, by=None, at=clock.now())
        return run.id


def bulk_action(world: World, actor: User) -> int:
    """A suspension that whoever asks has asked for."""
    chosen = sa.select(ClientService.id).filter_by(id=world.service.id)
    asked = {"command": "suspend", "chosen": chosen, "arguments": {"reason": "unpaid"}}
    with transaction():
        return bulk.request(**asked, by=actor.id, at=clock.now()).id


def price_change(world: World, actor: User) -> int:
    """One that is planned for the service."""
    day = clock.today() + timedelta(days=40)
    with transaction():
        row = billing.change_quantity(
            service_id=world.service.id, quantity=7, effective_on=day, by=None, at=clock.now()
        )
        return row.id


def price_batch(world: World, actor: User) -> int:
    """A proposal for the services of one client."""
    wanted = Wanted(client_id=world.service.client_id, percent=Decimal(5))
    with transaction():
        return batches.propose(wanted=wanted, by=actor.id, at=clock.now()).id


def contract(world: World, actor: User) -> int:
    return kept(Contract(client_id=world.service.client_id, number="C-1", start_date=clock.today()))


def draft_invoice(world: World, actor: User) -> int:
    return kept(Invoice(client_id=world.service.client_id, currency="USD", drafted_on=clock.today()))


def issued_invoice(world: World, actor: User) -> int:
    """One over 100.00 that nothing was paid on."""
    facts = {"client_id": world.service.client_id, "by": None, "at": clock.now()}
    with transaction():
        made = billing.new_draft(**facts).id
        amount = Money.of("100.00", world.service.client.currency)
        billing.add_line(invoice_id=made, words="Cabling", amount=amount, by=None, at=clock.now())
        return billing.issue(invoice_id=made, by=None, at=clock.now()).id


def invoice_with_credit(world: World, actor: User) -> int:
    """An open invoice of a client that has account credit since."""
    made = issued_invoice(world, actor)
    client = world.service.client
    with transaction():
        billing.record_payment(
            client_id=client.id, amount=Money.of("10.00", client.currency), received_on=clock.today(),
            by=None, at=clock.now(),
        )  # fmt: skip
    return made


def line_of_draft(world: World, actor: User) -> InvoiceLine:
    """An adjustment on a draft: the same for both of its ids, until it is taken off."""
    drafts = sa.select(InvoiceLine).join(Invoice).where(Invoice.status == InvoiceStatus.DRAFT)
    found = db.session.scalars(drafts.filter(InvoiceLine.kind == LineKind.ADJUSTMENT)).first()
    if found is None:
        line = {"kind": LineKind.ADJUSTMENT, "description": "Cabling", "amount_minor": 0}
        kept(InvoiceLine(invoice_id=draft_invoice(world, actor), **line))
    return found or line_of_draft(world, actor)


def incident(world: World, actor: User) -> int:
    facts = {"title": "Mail is slow", "severity": Severity.LOW, "opened_at": clock.now()}
    return kept(Incident(client_service_id=world.service.id, **facts))


def waiting_incident(world: World, actor: User) -> int:
    made = incident(world, actor)
    with transaction():
        sla.wait(incident_id=made, reason="Which mailbox?", by=None, at=clock.now())
    return made


def resolved_incident(world: World, actor: User) -> int:
    made = incident(world, actor)
    with transaction():
        sla.resolve(incident_id=made, resolution="Restarted", by=None, at=clock.now())
    return made


def denied_renewal(world: World, actor: User) -> int:
    """A service that will not be renewed."""
    made = make_service(status="active", end_date=clock.today() + timedelta(days=90)).id
    with transaction():
        renewals.deny(service_id=made, reason="too dear", by=None, at=clock.now())
    return made


def in_grace(world: World, actor: User) -> int:
    """A service whose term is over and which runs on."""
    begun = clock.today() - timedelta(days=40)
    return make_service(status="active", start_date=begun, end_date=begun + timedelta(days=30)).id


def task(world: World, actor: User) -> int:
    return kept(ProvisioningTask(client_service_id=world.service.id, position=1, title="Rack it"))


def wizard_draft(world: World, actor: User) -> int:
    """A wizard that whoever asks has begun."""
    answers = {"client": {"client_id": world.service.client_id, "contract_id": None}}
    now = clock.now()
    return kept(
        WizardDraft(user_id=actor.id, step="product", answers=answers, created_at=now, updated_at=now)
    )


def report(world: World, actor: User) -> int:
    """One that waits for a worker."""
    asked = {"client_id": world.service.client_id, "service_id": world.service.id, "start": clock.today()}
    with transaction():
        end = clock.today() + timedelta(days=1)
        return reports.request(**asked, end=end, by=actor.id, at=clock.now()).id


def export_batch(world: World, actor: User) -> int:
    facts = {
        "starts_on": clock.today() - timedelta(days=1),
        "ends_on": clock.today(),
        "documents": 0,
        "lines": 0,
    }
    made = {"totals": {}, "content": b"", "sha256": "", "made_at": clock.now()}
    number = len(db.session.scalars(sa.select(ExportBatch.id)).all()) + 1
    return kept(ExportBatch(number=number, **facts, **made))


def statement(world: World, actor: User) -> int:
    """One that waits to be printed."""
    asked = {"client_id": world.service.client_id, "currency": "USD", "asked_at": clock.now()}
    today = clock.today()
    return kept(Statement(**asked, starts_on=today - timedelta(days=30), ends_on=today))


def exchange_rate(world: World, actor: User) -> int:
    """Of a day that has none yet."""
    on = clock.today() - timedelta(days=len(db.session.scalars(sa.select(ExchangeRate.id)).all()))
    about = {"currency": "EUR", "into": "USD", "on_date": on}
    return kept(ExchangeRate(**about, rate=Decimal("1.0825"), entered_at=clock.now()))


def saved_view(world: World, actor: User) -> int:
    """One of whoever asks."""
    number = len(db.session.scalars(sa.select(SavedView.id)).all())
    kept_as = {"path": "/services", "query": "status=active", "saved_at": clock.now()}
    return kept(SavedView(user_id=actor.id, name=f"View {number}", **kept_as))


ARGUMENTS: dict[str, Sample] = {
    "batch_id": export_batch,
    "bulk_id": bulk_action,
    "calendar_id": lambda world, actor: make_policy().calendar.id,
    "change_id": price_change,
    "code": lambda world, actor: world.service.client.code,
    "contact_id": lambda world, actor: make_contact(world.service.client).id,
    "contract_id": contract,
    "delivery_id": parked_delivery,
    "draft_id": wizard_draft,
    "figures": lambda world, actor: "months",
    "filename": lambda world, actor: "favicon.svg",
    "import_id": import_run,
    "incident_id": incident,
    "invoice_id": draft_invoice,
    "name": lambda world, actor: "security",
    "line_id": lambda world, actor: line_of_draft(world, actor).id,
    "notice_id": notice,
    "part": lambda world, actor: "client",
    "policy_id": lambda world, actor: make_policy().id,
    "rate_id": exchange_rate,
    "price_batch_id": price_batch,
    "report_id": report,
    "run_id": lambda world, actor: kept(BillingRun(as_of=clock.today(), started_at=clock.now())),
    "service_id": lambda world, actor: world.service.id,
    "session_id": other_session,
    "sku": lambda world, actor: world.service.product.sku,
    "statement_id": statement,
    "step": lambda world, actor: "product",
    "task_id": task,
    "token": link_token,
    "user_id": lambda world, actor: world.eve.id,
    "view_id": saved_view,
}

BY_RULE: dict[str, dict[str, Sample]] = {
    "/invoices/<int:invoice_id>/apply-credit": {"invoice_id": invoice_with_credit},
    "/invoices/<int:invoice_id>/credit": {"invoice_id": issued_invoice},
    "/invoices/<int:invoice_id>/lines/<int:line_id>/remove": {
        "invoice_id": lambda world, actor: line_of_draft(world, actor).invoice_id,
    },
    "/invoices/<int:invoice_id>/mail": {"invoice_id": issued_invoice},
    "/invoices/<int:invoice_id>/payment": {"invoice_id": issued_invoice},
    "/invoices/<int:invoice_id>/void": {"invoice_id": issued_invoice},
    "/billing/runs/<int:run_id>/<any(approve, discard):decision>": {
        "decision": lambda world, actor: "approve"
    },
    "/incidents/<int:incident_id>/reopen": {"incident_id": resolved_incident},
    "/incidents/<int:incident_id>/resume": {"incident_id": waiting_incident},
    "/ops/runs/<int:run_id>/again": {"run_id": failed_run},
    "/renewals/<int:service_id>/withdraw-denial": {"service_id": denied_renewal},
    "/renewals/<int:service_id>/extend-grace": {"service_id": in_grace},
    "/profile/second-step/<any(start, codes, remove):move>": {"move": lambda world, actor: "start"},
    "/settings/<name>": {"name": lambda world, actor: "finance"},
    "/users/<int:user_id>/<any(deactivate, reactivate, remove_second_step):move>": {
        "move": lambda world, actor: "deactivate"
    },
}

FIELDS: dict[str, str] = {
    "until_on": "2026-12-31",
    "again": "violet lamp trout",
    "code": "NEW-1",
    "currency": "USD",
    "current": PASSWORD,
    "email": "new.person@msp.example",
    "name": "New Person",
    "number": "2026-17",
    "password": "violet lamp trout",
    "on_date": "2026-01-01",
    "price": "125.00",
    "rate": "1.0825",
    "sku": "NEW-1",
    "start_date": "2026-01-01",
    "value": "5",
}
"""What a form is filled in with, by the name of the input, where it shows nothing yet."""

INPUTS: dict[str, set[str]] = {
    "/incidents/<int:incident_id>/comments": {"text"},
    "/profile/second-step/confirm": {"code"},
    "/theme": {"theme", "next"},
}
"""The inputs of a form that stands on a page of another address, or in some state only."""

CSRF_EXEMPT: set[str] = set()
"""Rules of routes that other machines call: they prove who they are by signature or token, not by a form."""
