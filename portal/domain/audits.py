"""The list of what must hold: a name, the rule in words, and the SELECT of what breaks it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Audit:
    """`broken_by`: one row for each violation, in columns that a bookkeeper understands."""

    name: str
    rule: str
    broken_by: str


AUDITS = (
    Audit(
        "one_charge_per_period",
        "A service is charged once for a period.",
        """
        SELECT client_service_id AS service, period_start, count(*) AS lines FROM invoice_lines
        WHERE kind = 'recurring' AND NOT is_void GROUP BY 1, 2 HAVING count(*) > 1
        """,
    ),
    Audit(
        "no_day_billed_twice",
        "No day of a service is billed twice, credited days apart.",
        """
        WITH credited AS (
            SELECT corrects_line_id AS id, range_agg(daterange(period_start, period_end)) AS days
            FROM invoice_lines WHERE kind = 'credit' AND NOT is_void AND period_end IS NOT NULL GROUP BY 1),
        billed AS (
            SELECT line.id, client_service_id AS service,
                   datemultirange(daterange(period_start, period_end))
                   - coalesce(credited.days, '{}'::datemultirange) AS days
            FROM invoice_lines line LEFT JOIN credited ON credited.id = line.id
            WHERE kind = 'recurring' AND NOT is_void)
        SELECT one.service, (one.days * other.days)::text AS days, one.id AS line, other.id AS other_line
        FROM billed one JOIN billed other ON other.service = one.service AND other.id > one.id
        WHERE one.days && other.days
        """,
    ),
    Audit(
        "total_is_lines_and_tax",
        "The total of a document is the sum of its lines and its tax.",
        """
        WITH lines AS (SELECT invoice_id, sum(amount_minor) AS amount FROM invoice_lines GROUP BY 1),
        taxes AS (SELECT invoice_id, sum(base_minor) AS base, sum(tax_minor) AS tax FROM invoice_taxes GROUP BY 1)
        SELECT id AS invoice, number, subtotal_minor, tax_minor, total_minor,
               coalesce(lines.amount, 0) AS lines_minor, coalesce(taxes.tax, 0) AS taxes_minor
        FROM invoices LEFT JOIN lines ON lines.invoice_id = id LEFT JOIN taxes ON taxes.invoice_id = id
        WHERE subtotal_minor <> coalesce(lines.amount, 0) OR subtotal_minor <> coalesce(taxes.base, 0)
           OR tax_minor <> coalesce(taxes.tax, 0) OR total_minor <> subtotal_minor + tax_minor
        """,
    ),
    Audit(
        "tax_is_rounded_once",
        "The tax of a rate is rounded once for the whole document.",
        """
        SELECT invoice_id AS invoice, rate_percent::text, base_minor, tax_minor FROM invoice_taxes
        WHERE tax_minor <> round(base_minor * rate_percent / 100)
        """,
    ),
    Audit(
        "credits_stay_within_their_line",
        "No more is credited than a line has charged.",
        """
        SELECT line.id AS line, line.amount_minor, sum(credit.amount_minor)::bigint AS credited_minor
        FROM invoice_lines line JOIN invoice_lines credit ON credit.corrects_line_id = line.id
        WHERE NOT credit.is_void GROUP BY line.id HAVING abs(sum(credit.amount_minor)) > abs(line.amount_minor)
        """,
    ),
    Audit(
        "void_documents_claim_nothing",
        "The lines of a void document claim no day and no fee.",
        """
        SELECT number, line.id AS line FROM invoice_lines line JOIN invoices ON invoices.id = invoice_id
        WHERE status = 'void' AND NOT line.is_void
        """,
    ),
    Audit(
        "numbers_without_gap_or_repeat",
        "Each number of a series is on one document.",
        # A number ends in six digits or more; what stands before them is a setting and may have changed.
        """
        WITH taken AS (
            SELECT kind, (n % 1000000)::text AS ending, count(*) AS times
            FROM invoice_series CROSS JOIN generate_series(1, next_number - 1) AS n GROUP BY 1, 2),
        used AS (
            SELECT kind, coalesce(ltrim(substring(right(number, 6) FROM '^[0-9]+$'), '0'), number) AS digits,
                   count(*) AS times, min(number) AS number
            FROM invoices WHERE number IS NOT NULL GROUP BY 1, 2)
        SELECT coalesce(taken.kind, used.kind) AS series, ending, number, coalesce(taken.times, 0) AS taken,
               coalesce(used.times, 0) AS used
        FROM taken FULL JOIN used ON used.kind = taken.kind AND coalesce(nullif(digits, ''), '0') = ending
        WHERE taken.times IS DISTINCT FROM used.times
        """,
    ),
    Audit(
        "only_drafts_have_no_number",
        "A draft has no number, every other document has one.",
        "SELECT id AS invoice, status, number FROM invoices WHERE (status = 'draft') <> (number IS NULL)",
    ),
    Audit(
        "money_is_whole",
        "Money is stored in whole minor units, and nothing as a float.",
        """
        SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
        WHERE table_schema = current_schema()
          AND (data_type IN ('real', 'double precision', 'money')
               OR (column_name LIKE '%\\_minor' AND data_type <> 'bigint'))
        """,
    ),
    Audit(
        "balance_within_bounds",
        "What is open on a document lies between nothing and its total, as its status says.",
        """
        SELECT number, status, total_minor, paid_minor FROM invoices
        WHERE paid_minor NOT BETWEEN least(total_minor, 0) AND greatest(total_minor, 0)
           OR (status = 'paid' AND paid_minor <> total_minor)
           OR (status IN ('draft', 'issued', 'void') AND paid_minor <> 0)
           OR (status = 'partly_paid' AND paid_minor IN (0, total_minor))
        """,
    ),
    Audit(
        "payments_explain_what_is_paid",
        "What is paid on an invoice is its payments and the credits deducted from it.",
        """
        WITH received AS (SELECT invoice_id, sum(amount_minor) AS amount FROM payments GROUP BY 1),
        deducted AS (SELECT corrects_invoice_id AS invoice_id, -sum(paid_minor) AS amount FROM invoices
                     WHERE kind = 'credit_note' GROUP BY 1)
        SELECT number, paid_minor, coalesce(received.amount, 0)::bigint AS received_minor,
               coalesce(deducted.amount, 0)::bigint AS deducted_minor
        FROM invoices LEFT JOIN received ON received.invoice_id = id LEFT JOIN deducted ON deducted.invoice_id = id
        WHERE kind = 'invoice' AND paid_minor <> coalesce(received.amount, 0) + coalesce(deducted.amount, 0)
        """,
    ),
    Audit(
        "ledger_is_what_services_pay",
        "The movements of MRR add up to the monthly cost of the active services.",
        """
        WITH ledger AS (
            SELECT client_service_id AS id, currency, sum(amount_minor) AS amount FROM mrr_movements GROUP BY 1, 2),
        active AS (SELECT id, currency, monthly_cost_minor AS amount FROM client_services WHERE status = 'active')
        SELECT id AS service, currency, coalesce(ledger.amount, 0)::bigint AS ledger_minor,
               coalesce(active.amount, 0) AS monthly_cost_minor
        FROM ledger FULL JOIN active USING (id, currency)
        WHERE coalesce(ledger.amount, 0) <> coalesce(active.amount, 0)
        """,
    ),
    Audit(
        "running_services_have_one_schedule",
        "A service that runs and has a price has one open schedule; a paused one none that bills.",
        # What was billed once is over by itself; what a worker has still to do is not wrong yet.
        """
        SELECT service.id AS service, service.status, count(open.id) AS open_schedules,
               count(open.id) FILTER (WHERE open.status = 'active') AS billing
        FROM client_services service
        LEFT JOIN recurring_billings open ON open.client_service_id = service.id AND open.ends_on IS NULL
        WHERE service.status IN ('active', 'suspended') AND cycle_price_minor > 0 AND billing_cycle <> 'one-time'
          AND NOT EXISTS (
            SELECT FROM deliveries JOIN events ON events.id = event_id
            WHERE subject_type = 'client_service' AND subject_id = service.id
              AND queue = 'billing' AND done_at IS NULL)
        GROUP BY service.id
        HAVING count(open.id) <> 1
            OR (service.status = 'suspended' AND count(open.id) FILTER (WHERE open.status = 'active') > 0)
        """,
    ),
    Audit(
        "ended_services_have_no_schedule",
        "A service that is cancelled or completed has no open schedule.",
        """
        SELECT service.id AS service, service.status, schedule.id AS schedule
        FROM client_services service JOIN recurring_billings schedule ON schedule.client_service_id = service.id
        WHERE service.status IN ('cancelled', 'completed') AND schedule.ends_on IS NULL
          AND NOT EXISTS (
            SELECT FROM deliveries JOIN events ON events.id = event_id
            WHERE subject_type = 'client_service' AND subject_id = service.id
              AND queue = 'billing' AND done_at IS NULL)
        """,
    ),
    Audit(
        "every_delivery_has_one_result",
        "Pending, done and parked deliveries are all that were created.",
        """
        SELECT count(*) AS created, count(*) FILTER (WHERE done_at IS NULL AND parked_at IS NULL) AS pending,
               count(done_at) AS done, count(parked_at) AS parked
        FROM deliveries
        HAVING count(*) <> count(*) FILTER (WHERE done_at IS NULL AND parked_at IS NULL)
                           + count(done_at) + count(parked_at)
        """,
    ),
    Audit(
        "nobody_is_told_twice",
        "A person is told once of an event, by each channel.",
        """
        SELECT event_id AS event, user_id AS person, channel, count(*) AS notices FROM notices
        GROUP BY 1, 2, 3 HAVING count(*) > 1
        """,
    ),
)  # fmt: skip
