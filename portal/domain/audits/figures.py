"""The ledger of MRR, beside what the services pay."""

from portal.domain.audits.audit import Audit

FIGURES = (
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
)  # fmt: skip
