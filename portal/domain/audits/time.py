"""Billed time: every day that a service runs is billed once, and no other."""

from portal.domain.audits.audit import Audit

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
)  # fmt: skip
