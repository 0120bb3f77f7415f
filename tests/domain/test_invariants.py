"""The checks of the books hold on sound ones, and each names what breaks it."""

from datetime import date

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import billing, lifecycle
from portal.domain.audits import AUDITS
from portal.domain.invariants import check_all
from portal.domain.money import Money
from portal.jobs import batches
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_service

# What the database itself refuses is let through first: a check has to find it all the same.
BREAKS = {
    "one_charge_per_period": (
        "DROP INDEX uq_invoice_lines_period",
        "ALTER TABLE invoice_lines DISABLE TRIGGER USER",
        """INSERT INTO invoice_lines (invoice_id, client_service_id, kind, description, period_start, period_end,
               quantity, amount_minor, tax_rate_percent)
           SELECT invoice_id, client_service_id, kind, description, period_start, period_end, 1, 0, 0
           FROM invoice_lines WHERE kind = 'recurring' LIMIT 1""",
    ),
    "no_day_billed_twice": (
        "ALTER TABLE invoice_lines DISABLE TRIGGER USER",
        """INSERT INTO invoice_lines (invoice_id, client_service_id, kind, description, period_start, period_end,
               quantity, amount_minor, tax_rate_percent)
           SELECT invoice_id, client_service_id, kind, description, period_start + 1, period_end, 1, 0, 0
           FROM invoice_lines WHERE kind = 'recurring' LIMIT 1""",
    ),
    "total_is_lines_and_tax": (
        "ALTER TABLE invoice_lines DISABLE TRIGGER USER",
        "UPDATE invoice_lines SET amount_minor = amount_minor + 1 WHERE kind = 'recurring'",
    ),
    "tax_is_rounded_once": (
        "ALTER TABLE invoice_taxes DISABLE TRIGGER USER",
        "UPDATE invoice_taxes SET tax_minor = tax_minor + 1",
    ),
    "credits_stay_within_their_line": (
        "ALTER TABLE invoice_lines DISABLE TRIGGER USER",
        "UPDATE invoice_lines SET amount_minor = 10 * amount_minor WHERE kind = 'credit'",
    ),
    "void_documents_claim_nothing": (
        "UPDATE invoices SET status = 'void' WHERE kind = 'credit_note'",
    ),
    "numbers_without_gap_or_repeat": (
        "UPDATE invoice_series SET next_number = next_number + 1",
    ),
    "only_drafts_have_no_number": (
        "ALTER TABLE invoices DISABLE TRIGGER USER",
        "ALTER TABLE invoices DROP CONSTRAINT ck_invoices_number",
        "UPDATE invoices SET number = NULL WHERE kind = 'credit_note'",
    ),
    "money_is_whole": ("ALTER TABLE payments ALTER amount_minor TYPE double precision",),
    "balance_within_bounds": ("UPDATE invoices SET paid_minor = total_minor + 1 WHERE kind = 'invoice'",),
    "payments_explain_what_is_paid": ("DELETE FROM payments",),
    "ledger_is_what_services_pay": ("UPDATE client_services SET monthly_cost_minor = monthly_cost_minor + 1",),
    "running_services_have_one_schedule": (
        "UPDATE recurring_billings SET status = 'active', paused_on = NULL WHERE paused_on IS NOT NULL",
    ),
    "ended_services_have_no_schedule": (
        "UPDATE client_services SET status = 'completed', suspended_at = NULL WHERE status = 'suspended'",
    ),
    "every_delivery_has_one_result": (
        "ALTER TABLE deliveries DROP CONSTRAINT ck_deliveries_one_result",
        "UPDATE deliveries SET parked_at = done_at",
    ),
    "nobody_is_told_twice": (
        "ALTER TABLE notices DROP CONSTRAINT uq_notices_event_id_user_id_channel",
        """INSERT INTO notices
               (event_id, user_id, channel, status, kind, title, body, path, created_at, attempts, error)
           SELECT event_id, user_id, channel, status, kind, title, body, path, created_at, 0, '' FROM notices""",
    ),
}  # fmt: skip


@pytest.fixture
def books(cast, clock):
    """A service that runs and one that was suspended with a credit, taxed, billed, and paid in part."""
    client = make_client(tax_rate_percent=23)
    make_service(status="active", client=client)
    pausing = make_service(status="active", client=client)
    drain_all()
    batches.bill(portal_clock.today())
    invoice_id = db.session.scalar(sa.text("SELECT min(id) FROM invoices"))
    with transaction():
        today = portal_clock.today()
        billing.record_payment(
            invoice_id=invoice_id, amount=Money(500, "USD"), received_on=today, by=None, at=portal_clock.now()
        )
    clock.set(date(2026, 11, 28))
    with transaction():
        lifecycle.suspend(service_id=pausing.id, reason="unpaid", by=None, at=portal_clock.now())
    drain_all()
    db.session.expire_all()


def violated() -> set[str]:
    with transaction():
        return {finding.name for finding in check_all() if finding.violations}


def test_sound_books_break_nothing(books):
    assert db.session.scalar(sa.text("SELECT count(*) FROM invoices")) == 2
    assert violated() == set()


def test_every_check_has_something_that_breaks_it():
    assert BREAKS.keys() == {audit.name for audit in AUDITS}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_a_rule_is_named(books, name):
    for statement in BREAKS[name]:
        db.session.execute(sa.text(statement))
    with transaction():
        (finding,) = [each for each in check_all() if each.name == name]
    assert finding.violations > 0
    assert any(finding.examples[0].values())
    assert name in violated()
