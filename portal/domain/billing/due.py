"""What is due, as PostgreSQL computes it for thousands of schedules at once: see staging.

A schedule with one whole period at one price is usual, and is billed from here; rules.lines_due says the same of it.
"""

import sqlalchemy as sa

# A schedule is due when days before its end or its pause have come and are not billed.
IS_OPEN = "schedule.status IN ('active', 'paused')"
IS_PARKED = """schedule.status = 'parked' AND EXISTS (
        SELECT FROM billing_failures AS failure
        WHERE failure.client_service_id = schedule.client_service_id AND failure.settled_at IS NULL
          AND failure.run_id = coalesce(:parked_by, failure.run_id))"""
_IS_DUE = """
    {state} AND schedule.next_bill_date <= :as_of
    AND schedule.next_bill_date < coalesce(schedule.ends_on, schedule.paused_on, 'infinity')
    AND schedule.client_id > :after AND schedule.client_id <= :upto
    AND (CAST(:rerun_id AS bigint) IS NULL OR EXISTS (
        SELECT FROM billing_failures AS failure
        WHERE failure.rerun_id = :rerun_id AND failure.client_service_id = schedule.client_service_id))
"""
IS_DUE = _IS_DUE.format(state=IS_OPEN)
# Months are counted from January 2000, which has all the days that an anchor can name: PostgreSQL cuts a day that the
# month asked for does not have to its last one, as the rule does.
_MONTH = "((date_part('year', {day}) - 2000) * 12 + date_part('month', {day}) - 1)::int"


def _anchored(month: str) -> str:
    return f"(make_date(2000, 1, anchor_day) + make_interval(months => {month}))::date"


# A whole period starts on the grid of the timetable. (31 Jan, 1 month) → 28 Feb.
_DUE = f"""
    WITH due AS (
        SELECT * FROM recurring_billings AS schedule WHERE {{is_due}} ORDER BY client_id, id {{lock}}),
    counted AS MATERIALIZED (
        SELECT due.*, step.months, {_MONTH.format(day="next_bill_date")} AS month,
               {_MONTH.format(day="first_on")} AS first_month, coalesce(ends_on, paused_on) AS stops_on
        FROM due LEFT JOIN (VALUES ('monthly', 1), ('quarterly', 3), ('semi-annually', 6), ('annually', 12))
             AS step (cycle, months) ON step.cycle = frequency),
    measured AS MATERIALIZED (
        SELECT counted.*,
               CASE frequency WHEN 'weekly' THEN next_bill_date + 7
                   ELSE {_anchored("month + months")} END AS whole_until,
               CASE frequency WHEN 'weekly' THEN (next_bill_date - first_on) % 7 = 0
                   ELSE next_bill_date = {_anchored("month")}
                        AND (month - first_month - ({_anchored("first_month")} < first_on)::int) % months = 0
               END AS starts_whole
        FROM counted),
    judged AS (
        SELECT measured.*, coalesce(
            starts_whole AND next_bill_date >= first_on AND whole_until > :as_of
            AND whole_until <= coalesce(stops_on, 'infinity'), false) AS is_usual
        FROM measured)
    SELECT schedule.id AS schedule_id, schedule.client_service_id AS service_id, schedule.client_id,
           schedule.currency,
           CASE WHEN client.consolidate_invoices THEN 0 ELSE schedule.client_service_id END AS apart_id,
           service.name, service.quantity,
           CASE WHEN service.quantity * service.unit_price_minor = schedule.amount_minor
                THEN service.unit_price_minor END AS unit_price_minor,
           client.po_number, CASE WHEN client.tax_exempt THEN 0 ELSE client.tax_rate_percent END AS tax_rate,
           CASE WHEN schedule.bills_setup AND NOT EXISTS (
               SELECT FROM invoice_lines AS line
               WHERE line.client_service_id = service.id AND line.kind = 'setup_fee' AND NOT line.is_void)
           THEN service.setup_cost_minor ELSE 0 END AS setup_minor,
           schedule.amount_minor, schedule.frequency, schedule.anchor_day, schedule.first_on,
           schedule.next_bill_date AS bills_from, schedule.ends_on, schedule.stops_on, service.prorate,
           schedule.is_cleared, last.period_start AS last_start,
           last.period_end AS last_end, last.amount_minor AS last_minor, schedule.is_usual,
           CASE WHEN schedule.is_usual THEN whole_until END AS bills_until,
           CASE WHEN schedule.is_usual THEN coalesce(whole_until = schedule.stops_on, false) END AS is_over,
           CAST(NULL AS text) AS parked_reason
    FROM judged AS schedule
    JOIN client_services AS service ON service.id = schedule.client_service_id
    JOIN clients AS client ON client.id = schedule.client_id
    LEFT JOIN LATERAL (
        SELECT period_start, period_end, amount_minor FROM invoice_lines
        WHERE client_service_id = schedule.client_service_id AND kind = 'recurring' AND NOT is_void
        ORDER BY period_start DESC LIMIT 1) AS last ON true
"""  # noqa: S608 – every part is ours
DUE = sa.text(_DUE.format(is_due=IS_DUE, lock=""))
STAGE, STAGE_LOCKED, STAGE_PARKED = (
    sa.text("INSERT INTO staged_bills" + _DUE.format(is_due=is_due, lock=lock))
    for is_due, lock in ((IS_DUE, ""), (IS_DUE, "FOR UPDATE"), (_IS_DUE.format(state=IS_PARKED), ""))
)
MOVE = sa.text("""
    UPDATE staged_bills SET bills_until = given.bills_until, is_over = given.is_over
    FROM unnest(CAST(:ids AS bigint[]), CAST(:untils AS date[]), CAST(:overs AS boolean[]))
         AS given (schedule_id, bills_until, is_over)
    WHERE staged_bills.schedule_id = given.schedule_id
""")
PARK = sa.text("""
    UPDATE staged_bills SET parked_reason = given.reason
    FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS given (schedule_id, reason)
    WHERE staged_bills.schedule_id = given.schedule_id
""")
USUAL_LINES = sa.text("""
    INSERT INTO staged_lines
    SELECT schedule_id, 'setup_fee', name || ' – setup', bills_from, NULL, 1, setup_minor
    FROM staged_bills WHERE is_usual AND setup_minor <> 0
    UNION ALL
    SELECT schedule_id, 'recurring', name, bills_from, bills_until, quantity, amount_minor
    FROM staged_bills WHERE is_usual
""")
COUNT_DUE = sa.text(f"SELECT count(*) FROM recurring_billings AS schedule WHERE {IS_DUE}")  # noqa: S608 – the same
NEXT_CLIENTS = sa.text(f"""
    SELECT max(client_id) FROM (
        SELECT client_id FROM recurring_billings AS schedule WHERE {IS_DUE} ORDER BY client_id LIMIT :most) AS page
""")  # noqa: S608 – the same
