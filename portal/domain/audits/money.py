"""What must hold of the money that settles documents."""

from portal.domain.audits.audit import Audit

MONEY = (
    Audit(
        "payments_explain_what_is_paid",
        "What is paid on an invoice is what payments and credit notes settle of it; a credit note gives what it has.",
        """
        WITH taken AS (SELECT invoice_id AS id, sum(amount_minor) AS amount FROM allocations GROUP BY 1),
        given AS (SELECT credit_note_id AS id, -sum(amount_minor) AS amount FROM allocations GROUP BY 1)
        SELECT number, paid_minor, coalesce(taken.amount, 0)::bigint AS settled_minor,
               coalesce(given.amount, 0)::bigint AS given_minor
        FROM invoices LEFT JOIN taken USING (id) LEFT JOIN given USING (id)
        WHERE paid_minor <> coalesce(CASE kind WHEN 'invoice' THEN taken.amount ELSE given.amount END, 0)
           OR (CASE kind WHEN 'invoice' THEN given.amount ELSE taken.amount END) <> 0
        """,
    ),
    Audit(
        "no_payment_is_spent_twice",
        "No payment settles or is paid back by more than was received.",
        """
        SELECT payments.id AS payment, payments.amount_minor, sum(allocations.amount_minor)::bigint AS used_minor
        FROM payments JOIN allocations ON payment_id = payments.id
        GROUP BY payments.id HAVING sum(allocations.amount_minor) NOT BETWEEN 0 AND payments.amount_minor
        """,
    ),
    Audit(
        "refunds_are_paid_from_credit",
        "Each refund names the account credit that it was paid from.",
        """
        SELECT refunds.id AS refund, refunds.amount_minor, coalesce(sum(taken.amount_minor), 0)::bigint AS taken_minor
        FROM refunds LEFT JOIN allocations taken ON refund_id = refunds.id
        GROUP BY refunds.id HAVING refunds.amount_minor <> coalesce(sum(taken.amount_minor), 0)
        """,
    ),
    Audit(
        "money_settles_its_own",
        "Money settles documents of the client that it came from, in its currency.",
        """
        SELECT allocation.id AS allocation, source.client_id AS source_client, target.client_id AS target_client,
               source.currency AS source_currency, target.currency AS target_currency
        FROM allocations allocation
        JOIN (SELECT id AS payment_id, NULL::bigint AS credit_note_id, client_id, currency FROM payments
              UNION ALL SELECT NULL, id, client_id, currency FROM invoices) source
          ON source.payment_id = allocation.payment_id OR source.credit_note_id = allocation.credit_note_id
        JOIN (SELECT id AS invoice_id, NULL::bigint AS refund_id, client_id, currency FROM invoices
              UNION ALL SELECT NULL, id, client_id, currency FROM refunds) target
          ON target.invoice_id = allocation.invoice_id OR target.refund_id = allocation.refund_id
        WHERE (source.client_id, source.currency) <> (target.client_id, target.currency)
        """,
    ),
)
