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
        "tax_groups_are_the_lines_of_a_rate",
        "The tax of a document is computed on what its lines of that rate add up to.",
        """
        WITH lines AS (SELECT invoice_id, tax_rate_percent AS rate, sum(amount_minor) AS amount
                       FROM invoice_lines GROUP BY 1, 2)
        SELECT coalesce(lines.invoice_id, taxes.invoice_id) AS invoice,
               coalesce(rate, rate_percent)::text AS rate_percent, base_minor, amount::bigint AS lines_minor
        FROM lines FULL JOIN invoice_taxes taxes ON taxes.invoice_id = lines.invoice_id AND rate_percent = rate
        WHERE base_minor IS DISTINCT FROM amount
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
        "credits_are_like_their_line",
        "A credit goes to the client of the line that it corrects, in its currency, at its tax rate.",
        """
        SELECT credit.id AS credit, line.id AS line, note.number
        FROM invoice_lines credit JOIN invoice_lines line ON line.id = credit.corrects_line_id
        JOIN invoices note ON note.id = credit.invoice_id JOIN invoices corrected ON corrected.id = line.invoice_id
        WHERE (note.client_id, note.currency, credit.tax_rate_percent, credit.client_service_id)
              IS DISTINCT FROM (corrected.client_id, corrected.currency, line.tax_rate_percent, line.client_service_id)
        """,
    ),
    Audit(
        "no_charge_below_nothing",
        "An invoice asks for nothing less than nothing; a credit note gives.",
        """
        SELECT id AS invoice, kind, number, total_minor FROM invoices
        WHERE status <> 'draft' AND CASE kind WHEN 'invoice' THEN total_minor < 0 ELSE total_minor > 0 END
        """,
    ),
    Audit(
        "few_lines_a_day",
        "No service has more recurring lines of one day than the safety bound lets through.",
        """
        WITH bound AS (SELECT greatest(15, max(value::text::int)) AS lines FROM business_settings
                       WHERE key = 'most_missed_periods')
        SELECT client_service_id AS service, drafted_on, count(*) AS lines
        FROM invoice_lines line JOIN invoices ON invoices.id = invoice_id
        WHERE line.kind = 'recurring' AND status NOT IN ('draft', 'void')
        GROUP BY 1, 2 HAVING count(*) > (SELECT lines FROM bound)
        """,
    ),
    Audit(
        "amounts_in_the_client_s_currency",
        "A document is in the currency of the services on it.",
        """
        SELECT invoices.id AS invoice, number, invoices.currency, service.id AS service,
               service.currency AS service_currency
        FROM invoice_lines line JOIN invoices ON invoices.id = invoice_id
        JOIN client_services service ON service.id = client_service_id
        WHERE service.currency <> invoices.currency
        """,
    ),
    Audit(
        "days_in_their_order",
        "A document is drafted, then issued, then due.",
        """
        SELECT id AS invoice, number, drafted_on, issued_on, due_on FROM invoices
        WHERE issued_on < drafted_on OR due_on < issued_on
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
)  # fmt: skip
