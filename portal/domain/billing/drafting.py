"""Writing the drafts of what is staged: invoices with their totals, lines, taxes, schedules; one statement each."""

import sqlalchemy as sa

from portal import clock
from portal.db import db

# Lines of one client, currency and run stand on one invoice, unless the client wants one for each service.
GATHER = sa.text("""
    WITH gathered AS (
        SELECT client_id, currency, apart_id, min(po_number) AS po_number
        FROM staged_bills WHERE schedule_id IN (SELECT schedule_id FROM staged_lines)
        GROUP BY client_id, currency, apart_id ORDER BY client_id, currency, apart_id)
    INSERT INTO staged_invoices
    SELECT nextval(pg_get_serial_sequence('invoices', 'id')), gathered.* FROM gathered
""")
TAX = sa.text("""
    INSERT INTO staged_taxes
    SELECT invoice_id, tax_rate, sum(line.amount_minor), round(sum(line.amount_minor) * tax_rate / 100)
    FROM staged_invoices JOIN staged_bills AS bill USING (client_id, currency, apart_id)
    JOIN staged_lines AS line USING (schedule_id)
    GROUP BY invoice_id, tax_rate
""")
INVOICES = sa.text("""
    INSERT INTO invoices (id, client_id, kind, status, currency, drafted_on, run_id, po_number, notes, party,
                          void_reason, paid_minor, version, subtotal_minor, tax_minor, total_minor)
    SELECT invoice_id, client_id, 'invoice', 'draft', currency, :today, :run_id, po_number, '', '{}', '', 0, 1,
           sum(base_minor), sum(tax_minor), sum(base_minor + tax_minor)
    FROM staged_invoices JOIN staged_taxes USING (invoice_id)
    GROUP BY invoice_id, client_id, currency, po_number ORDER BY invoice_id
""")
LINES = sa.text("""
    INSERT INTO invoice_lines (invoice_id, client_service_id, kind, description, period_start, period_end, quantity,
                               unit_price_minor, amount_minor, tax_rate_percent)
    SELECT invoice_id, service_id, kind, description, period_start, period_end, line.quantity,
           CASE kind WHEN 'recurring' THEN unit_price_minor END, line.amount_minor, tax_rate
    FROM staged_lines AS line JOIN staged_bills AS bill USING (schedule_id)
    JOIN staged_invoices USING (client_id, currency, apart_id)
    ORDER BY invoice_id, schedule_id, period_start, period_end NULLS FIRST
""")
TAXES = sa.text("""
    INSERT INTO invoice_taxes (invoice_id, rate_percent, base_minor, tax_minor)
    SELECT invoice_id, tax_rate, base_minor, tax_minor FROM staged_taxes ORDER BY invoice_id, tax_rate
""")
# Each schedule moves to its first unbilled day, and ends where all of it is billed.
ADVANCE = sa.text("""
    WITH moved AS (
        SELECT *, is_over AND (ends_on IS NOT NULL OR frequency = 'one-time') AS has_ended
        FROM staged_bills WHERE parked_reason IS NULL)
    UPDATE recurring_billings AS schedule SET
        next_bill_date = moved.bills_until,
        status = CASE WHEN has_ended THEN 'ended' ELSE schedule.status END,
        ends_on = CASE WHEN has_ended THEN coalesce(schedule.ends_on, moved.bills_until) ELSE schedule.ends_on END,
        paused_on = CASE WHEN NOT has_ended THEN schedule.paused_on END,
        bills_setup = false, is_cleared = false
    FROM moved WHERE schedule.id = moved.schedule_id
""")


def draft(run_id: int) -> list[int]:
    """Draft the invoices of what is staged and not parked; their ids."""
    for statement in (GATHER, TAX, INVOICES, LINES, TAXES, ADVANCE):
        db.session.execute(
            statement, {"run_id": run_id, "today": clock.today()} if statement is INVOICES else {}
        )
    return list(db.session.scalars(sa.text("SELECT invoice_id FROM staged_invoices ORDER BY invoice_id")))
