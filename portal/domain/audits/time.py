"""Billed time: every day that a service runs is billed once, to whom it belonged, and no other day is.

The life of a service is read from its events, and never from its schedules, so that a schedule that is wrong
shows. A manual credit gives money back, and the days stay billed; the credit of an act (`event:…`) frees its
days.
"""

from portal.domain.audits.audit import Audit

BILLED = """
    freed AS (
        SELECT corrects_line_id AS id, range_agg(daterange(period_start, period_end)) AS days
        FROM invoice_lines line JOIN invoices ON invoices.id = invoice_id
        WHERE line.kind = 'credit' AND source_key LIKE 'event:%' AND status <> 'void' AND period_end IS NOT NULL
        GROUP BY 1),
    billed AS (
        SELECT line.id, client_service_id AS service, invoices.client_id AS client, drafted_on,
               datemultirange(daterange(period_start, period_end))
               - coalesce(freed.days, '{}'::datemultirange) AS days
        FROM invoice_lines line JOIN invoices ON invoices.id = invoice_id LEFT JOIN freed ON freed.id = line.id
        WHERE line.kind = 'recurring' AND status <> 'void')
"""
WAITING = """
    waiting AS (
        SELECT client_service_id AS service, min(next_bill_date) AS since,
               range_agg(daterange(next_bill_date, coalesce(ends_on, paused_on)))
               FILTER (WHERE status <> 'ended'
                       AND next_bill_date < coalesce(ends_on, paused_on, 'infinity'::date)) AS days
        FROM recurring_billings GROUP BY 1)
"""
HOLES = """
    turns AS (
        SELECT subject_id AS service, kind, (payload ->> 'suspended_on')::date AS since,
               (lead(payload ->> 'resumed_on') OVER (PARTITION BY subject_id ORDER BY id))::date AS until
        FROM events WHERE kind IN ('service_suspended', 'service_resumed')),
    holes AS (SELECT service, since, until FROM turns WHERE kind = 'service_suspended'),
    ends AS (
        SELECT subject_id AS service, min(occurred_at) AS at,
               min(coalesce(payload ->> 'effective_on', payload ->> 'completed_on'))::date AS since
        FROM events WHERE kind IN ('service_cancelled', 'service_completed') GROUP BY 1)
"""
# What a worker has still to do is not wrong yet.
BUSY = """
    busy AS (
        SELECT DISTINCT subject_id AS service FROM deliveries JOIN events ON events.id = event_id
        WHERE subject_type = 'client_service' AND queue = 'billing' AND done_at IS NULL)
"""

TIME = (
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
        SELECT one.service, (one.days * other.days)::text AS days, one.id AS line, other.id AS other_line
        FROM billed one JOIN billed other ON other.service = one.service AND other.id > one.id
        WHERE one.days && other.days
        """,
        given=(BILLED,),
    ),
    Audit(
        "no_day_left_out",
        "Each day on which a service runs is billed, or a schedule will bill it.",
        # An imported service was billed elsewhere up to its first day here, or ended there.
        """
        WITH asleep AS (SELECT service, range_agg(daterange(since, until)) AS days FROM holes GROUP BY 1),
        done AS (SELECT service, range_agg(piece) AS days, min(lower(piece)) AS since
                 FROM billed, unnest(days) AS piece GROUP BY 1),
        imported AS (SELECT subject_id AS service FROM events WHERE kind = 'service_imported' GROUP BY 1),
        lives AS (
            SELECT service.id AS service, ends.since AS until,
                   CASE WHEN imported.service IS NULL THEN start_date
                        ELSE greatest(start_date, least(done.since, waiting.since)) END AS since,
                   coalesce(asleep.days, '{}') + coalesce(done.days, '{}') + coalesce(waiting.days, '{}')
                   AS covered
            FROM client_services service
            LEFT JOIN ends ON ends.service = service.id LEFT JOIN asleep ON asleep.service = service.id
            LEFT JOIN done ON done.service = service.id LEFT JOIN waiting ON waiting.service = service.id
            LEFT JOIN imported ON imported.service = service.id
            WHERE activated_at IS NOT NULL AND cycle_price_minor > 0 AND billing_cycle <> 'one-time'
              AND service.id NOT IN (SELECT service FROM busy)
              AND (imported.service IS NULL OR done.since IS NOT NULL
                   OR (waiting.since IS NOT NULL AND ends.since IS NULL))
              AND (service.status IN ('active', 'suspended') OR ends.since IS NOT NULL))
        SELECT service, left_out.days::text AS days
        FROM lives CROSS JOIN LATERAL (
            SELECT datemultirange(daterange(since, CASE WHEN until IS NOT NULL THEN greatest(since, until) END))
                   - covered AS days) AS left_out
        WHERE NOT isempty(left_out.days)
        """,
        given=(BILLED, WAITING, HOLES, BUSY),
    ),
    Audit(
        "nothing_billed_while_it_rests",
        "Once a service is suspended or has ended, no day of that time is billed any more.",
        # Days that were billed before are credited or kept, as the settings say; a day of leeway for time zones.
        """
        WITH rests AS (SELECT service, daterange(since, until) AS days, since AS known_on FROM holes
                  UNION ALL
                  SELECT service, daterange(since, NULL), at::date + 1 FROM ends)
        SELECT billed.service, billed.id AS line, (billed.days * datemultirange(rests.days))::text AS days
        FROM billed JOIN rests ON rests.service = billed.service AND billed.days && rests.days
        WHERE billed.drafted_on > known_on
        """,
        given=(BILLED, HOLES),
    ),
    Audit(
        "billed_to_whom_it_belonged",
        "A day is billed to the client that had the service on it.",
        # Who takes a service over before it is activated owes all of its days.
        """
        WITH begun AS (SELECT subject_id AS service, min(id) AS id FROM events
                       WHERE kind = 'service_activated' GROUP BY 1),
        moves AS (
            SELECT id, subject_id AS service, (payload ->> 'from_client_id')::bigint AS gave,
                   (payload ->> 'to_client_id')::bigint AS took, (payload ->> 'effective_on')::date AS since
            FROM events
            WHERE kind = 'service_transferred'
              AND NOT EXISTS (SELECT FROM begun WHERE begun.service = subject_id AND begun.id > events.id)),
        had AS (
            SELECT service, took AS client, since, min(since) OVER (
                PARTITION BY service ORDER BY id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS until
            FROM moves
            UNION ALL
            (SELECT DISTINCT ON (service) service, gave, NULL::date, min(since) OVER (PARTITION BY service)
             FROM moves ORDER BY service, id)),
        spans AS (
            SELECT service, client, range_agg(daterange(since, until)) AS days FROM had
            WHERE since IS NULL OR until IS NULL OR since < until GROUP BY 1, 2)
        SELECT billed.service, billed.client, billed.id AS line,
               (billed.days - coalesce(spans.days, '{}'))::text AS days
        FROM billed LEFT JOIN spans ON spans.service = billed.service AND spans.client = billed.client
        WHERE billed.service IN (SELECT service FROM moves)
          AND NOT isempty(billed.days - coalesce(spans.days, '{}'))
        """,
        given=(BILLED,),
    ),
    Audit(
        "billed_days_wait_for_nothing",
        "No schedule will bill a day that is billed already.",
        """
        SELECT service, billed.id AS line, (billed.days * waiting.days)::text AS days
        FROM billed JOIN waiting USING (service)
        WHERE billed.days && waiting.days
        """,
        given=(BILLED, WAITING),
    ),
    Audit(
        "one_time_work_is_billed_once",
        "One-time work that was begun is on one invoice, or a schedule will bill it.",
        """
        SELECT service.id AS service, count(DISTINCT billed.id) AS lines, count(DISTINCT schedule.id) AS schedules
        FROM client_services service
        LEFT JOIN billed ON billed.service = service.id AND NOT isempty(billed.days)
        LEFT JOIN recurring_billings schedule ON schedule.client_service_id = service.id AND schedule.status <> 'ended'
        WHERE service.status IN ('active', 'suspended') AND billing_cycle = 'one-time' AND cycle_price_minor > 0
          AND NOT EXISTS (SELECT FROM events WHERE kind = 'service_imported'
                          AND subject_type = 'client_service' AND subject_id = service.id)
          AND service.id NOT IN (SELECT service FROM busy)
        GROUP BY service.id HAVING count(DISTINCT billed.id) + count(DISTINCT schedule.id) <> 1
        """,
        given=(BILLED, BUSY),
    ),
    Audit(
        "running_services_have_one_schedule",
        "A service that runs and has a price has one open schedule; a paused one none that bills.",
        # What was billed once is over by itself.
        """
        SELECT service.id AS service, service.status, count(open.id) AS open_schedules,
               count(open.id) FILTER (WHERE open.status = 'active') AS billing
        FROM client_services service
        LEFT JOIN recurring_billings open ON open.client_service_id = service.id AND open.ends_on IS NULL
        WHERE service.status IN ('active', 'suspended') AND cycle_price_minor > 0 AND billing_cycle <> 'one-time'
          AND service.id NOT IN (SELECT service FROM busy)
        GROUP BY service.id
        HAVING count(open.id) <> 1
            OR (service.status = 'suspended' AND count(open.id) FILTER (WHERE open.status = 'active') > 0)
        """,
        given=(BUSY,),
    ),
    Audit(
        "ended_services_have_no_schedule",
        "A service that is cancelled or completed has no open schedule.",
        """
        SELECT service.id AS service, service.status, schedule.id AS schedule
        FROM client_services service JOIN recurring_billings schedule ON schedule.client_service_id = service.id
        WHERE service.status IN ('cancelled', 'completed') AND schedule.ends_on IS NULL
          AND service.id NOT IN (SELECT service FROM busy)
        """,
        given=(BUSY,),
    ),
)  # fmt: skip
