"""Documents: what they add up to, what they are numbered, and what is open on them."""

from portal.domain.audits.audit import Audit

DOCUMENTS = (
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
)  # fmt: skip
