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
    "no_day_left_out": (
        "UPDATE recurring_billings SET next_bill_date = next_bill_date + 1 WHERE status = 'active'",
    ),
    "nothing_billed_while_it_rests": (
        "ALTER TABLE invoice_lines DISABLE TRIGGER USER",
        "ALTER TABLE invoices DISABLE TRIGGER USER",
        "UPDATE invoice_lines SET source_key = NULL",
        "UPDATE invoices SET drafted_on = '2026-11-29'",
    ),
    "billed_to_whom_it_belonged": (
        """INSERT INTO events (kind, subject_type, subject_id, occurred_at, payload)
           SELECT 'service_transferred', 'client_service', id, now(), jsonb_build_object('from_client_id', client_id,
               'to_client_id', client_id + 1, 'effective_on', '2026-12-01')
           FROM client_services WHERE status = 'active'""",
    ),
    "billed_days_wait_for_nothing": (
        "UPDATE recurring_billings SET next_bill_date = next_bill_date - 1 WHERE status = 'active'",
    ),
    "one_time_work_is_billed_once": (
        "UPDATE client_services SET billing_cycle = 'one-time', monthly_cost_minor = 0 WHERE status = 'active'",
    ),
    "total_is_lines_and_tax": (
        "ALTER TABLE invoice_lines DISABLE TRIGGER USER",
        "UPDATE invoice_lines SET amount_minor = amount_minor + 1 WHERE kind = 'recurring'",
    ),
    "tax_groups_are_the_lines_of_a_rate": (
        "ALTER TABLE invoice_taxes DISABLE TRIGGER USER",
        "UPDATE invoice_taxes SET base_minor = base_minor + 1",
    ),
    "tax_is_rounded_once": (
        "ALTER TABLE invoice_taxes DISABLE TRIGGER USER",
        "UPDATE invoice_taxes SET tax_minor = tax_minor + 1",
    ),
    "credits_stay_within_their_line": (
        "ALTER TABLE invoice_lines DISABLE TRIGGER USER",
        "UPDATE invoice_lines SET amount_minor = 10 * amount_minor WHERE kind = 'credit'",
    ),
    "credits_are_like_their_line": (
        "ALTER TABLE invoice_lines DISABLE TRIGGER USER",
        "UPDATE invoice_lines SET tax_rate_percent = 7 WHERE kind = 'credit'",
    ),
    "no_charge_below_nothing": (
        "ALTER TABLE invoices DISABLE TRIGGER USER",
        """UPDATE invoices SET subtotal_minor = -subtotal_minor, tax_minor = -tax_minor, total_minor = -total_minor
           WHERE kind = 'invoice'""",
    ),
    "few_lines_a_day": (
        "ALTER TABLE invoice_lines DISABLE TRIGGER USER",
        """INSERT INTO invoice_lines (invoice_id, client_service_id, kind, description, period_start, period_end,
               quantity, amount_minor, tax_rate_percent)
           SELECT invoice_id, client_service_id, kind, description, period_end + n, period_end + n + 1, 1, 0, 0
           FROM invoice_lines, generate_series(1, 15) AS n WHERE kind = 'recurring'""",
    ),
    "amounts_in_the_client_s_currency": ("UPDATE client_services SET currency = 'EUR'",),
    "days_in_their_order": (
        "ALTER TABLE invoices DISABLE TRIGGER USER",
        "UPDATE invoices SET due_on = issued_on - 1",
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
    "payments_explain_what_is_paid": (
        "ALTER TABLE allocations DISABLE TRIGGER USER",
        "DELETE FROM allocations",
    ),
    "no_payment_is_spent_twice": (
        "ALTER TABLE payments DISABLE TRIGGER USER",
        "UPDATE payments SET amount_minor = 1",
    ),
    "refunds_are_paid_from_credit": (
        """INSERT INTO refunds (client_id, amount_minor, currency, refunded_on, method, reference, recorded_at)
           SELECT id, 1, 'USD', '2026-11-20', '', '', now() FROM clients LIMIT 1""",
    ),
    "money_settles_its_own": (
        "ALTER TABLE payments DISABLE TRIGGER USER",
        "UPDATE payments SET currency = 'EUR'",
    ),
    "ledger_is_what_services_pay": ("UPDATE client_services SET monthly_cost_minor = monthly_cost_minor + 1",),
    "ledger_of_each_client": ("UPDATE client_services SET monthly_cost_minor = monthly_cost_minor + 1",),
    "movements_go_the_way_of_their_name": ("UPDATE mrr_movements SET kind = 'churn' WHERE amount_minor > 0",),
    "transfers_change_nothing_in_all": ("UPDATE mrr_movements SET kind = 'transfer' WHERE amount_minor > 0",),
    "a_month_costs_its_share_of_the_cycle": (
        "UPDATE client_services SET monthly_cost_minor = monthly_cost_minor + 1",
    ),
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
