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
    Audit(
        "ledger_of_each_client",
        "The movements of MRR of a client add up to the monthly cost of its active services.",
        """
        WITH ledger AS (SELECT client_id, currency, sum(amount_minor) AS amount FROM mrr_movements GROUP BY 1, 2),
        active AS (SELECT client_id, currency, sum(monthly_cost_minor) AS amount FROM client_services
                   WHERE status = 'active' GROUP BY 1, 2)
        SELECT client_id AS client, currency, coalesce(ledger.amount, 0)::bigint AS ledger_minor,
               coalesce(active.amount, 0)::bigint AS monthly_cost_minor
        FROM ledger FULL JOIN active USING (client_id, currency)
        WHERE coalesce(ledger.amount, 0) <> coalesce(active.amount, 0)
        """,
    ),
    Audit(
        "movements_go_the_way_of_their_name",
        "What a client gains on a day is above nothing, what it loses is below.",
        # The rows are one for each service, named by what they come to for the client on that day.
        """
        SELECT client_id AS client, currency, on_date, kind, sum(amount_minor)::bigint AS amount_minor
        FROM mrr_movements GROUP BY 1, 2, 3, 4
        HAVING CASE WHEN kind IN ('new', 'expansion', 'reactivation', 'resumed') THEN sum(amount_minor) < 0
                    WHEN kind IN ('contraction', 'churn', 'paused') THEN sum(amount_minor) > 0 END
        """,
    ),
    Audit(
        "transfers_change_nothing_in_all",
        "What one client loses by a transfer another gains on the same day.",
        """
        SELECT client_service_id AS service, on_date, sum(amount_minor)::bigint AS amount_minor FROM mrr_movements
        WHERE kind = 'transfer' GROUP BY 1, 2 HAVING sum(amount_minor) <> 0
        """,
    ),
    Audit(
        "a_month_costs_its_share_of_the_cycle",
        "The monthly cost is the price of the cycle divided by its months, rounded once.",
        """
        WITH cycles (cycle, times, parts) AS (
            VALUES ('weekly', 52, 12), ('monthly', 1, 1), ('quarterly', 1, 3), ('semi-annually', 1, 6),
                   ('annually', 1, 12), ('one-time', 0, 1))
        SELECT id AS service, billing_cycle, cycle_price_minor, monthly_cost_minor
        FROM client_services JOIN cycles ON cycle = billing_cycle
        WHERE monthly_cost_minor <> round(cycle_price_minor::numeric * times / parts)
        """,
    ),
)  # fmt: skip
