"""The statement that scores services: one table for each sentence of the rule book, points as in `rules.py`.

One row of `scored`: service 7, 84 before, 60 now, [["sla_breaches", -30, "6 SLA breaches in the last 90 days"], …].
"""

import sqlalchemy as sa

SCORED = """
WITH looked_at AS (
    -- Services that run and are watched, locked in one order, each with what was agreed on and asked of the client.
    SELECT service.id, service.health_score AS score_before, service.last_health_check_at,
        service.client_satisfaction AS satisfaction, service.monitored_from, agreed.spans AS service_hours,
        coalesce(service.availability_target, policy.availability_target) AS target,
        coalesce(service.next_review_date < :today, false) OR (service.last_review_date IS NULL
            AND coalesce(CAST(service.activated_at AT TIME ZONE :zone AS date) + 90 <= :today, false)) AS review_overdue
    FROM client_services AS service
    JOIN clients AS client ON client.id = service.client_id
    LEFT JOIN sla_policies AS policy ON policy.id = service.sla_policy_id
    LEFT JOIN calendars AS calendar ON calendar.id = policy.calendar_id
    LEFT JOIN unnest(CAST(:hours AS text[]), CAST(:zones AS text[]), CAST(:spans AS tstzmultirange[]))
        AS agreed (hours, zone, spans)
        ON agreed.hours = service.service_hours AND agreed.zone = coalesce(calendar.timezone, client.timezone)
    WHERE service.status = 'active' AND service.monitoring_enabled AND service.id > :after AND service.id <= :upto
    ORDER BY service.id LIMIT :size FOR NO KEY UPDATE OF service
), troubles AS (
    -- Breaches of 90 days; critical and high incidents that are open, or opened in the last 30 days.
    SELECT incident.client_service_id,
        sum(CASE WHEN response_breached_at > :at - interval '90 days' AND response_breached_at <= :at THEN 1 ELSE 0 END
            + CASE WHEN resolution_breached_at > :at - interval '90 days' AND resolution_breached_at <= :at
              THEN 1 ELSE 0 END) AS breaches,
        count(*) FILTER (WHERE severity IN ('critical', 'high') AND opened_at <= :at
            AND (resolved_at IS NULL OR opened_at > :at - interval '30 days')) AS severe
    FROM incidents AS incident JOIN looked_at ON looked_at.id = incident.client_service_id
    GROUP BY incident.client_service_id
), excused AS (
    -- Maintenance of the last 30 days that was agreed before it began.
    SELECT maintenance.client_service_id, range_agg(tstzrange(starts_at, ends_at)) AS time
    FROM maintenance_windows AS maintenance JOIN looked_at ON looked_at.id = maintenance.client_service_id
    WHERE agreed_at < starts_at AND ends_at > :at - interval '30 days' AND starts_at < :at
    GROUP BY maintenance.client_service_id
), down AS (
    -- Outages of the last 30 days; one that is open runs until now, and what overlaps counts once.
    SELECT outage.client_service_id, range_agg(tstzrange(started_at, coalesce(ended_at, :at))) AS time
    FROM outages AS outage JOIN looked_at ON looked_at.id = outage.client_service_id
    WHERE started_at < :at AND coalesce(ended_at, :at) > :at - interval '30 days'
    GROUP BY outage.client_service_id
), measured AS (
    -- Since monitoring began, inside the agreed hours, without what was excused.
    SELECT looked_at.id, tstzmultirange(tstzrange(
            greatest(looked_at.monitored_from, :at - interval '30 days'), CAST(:at AS timestamptz)))
        * coalesce(looked_at.service_hours, CAST('{(,)}' AS tstzmultirange))
        - coalesce(excused.time, CAST('{}' AS tstzmultirange)) AS time
    FROM looked_at LEFT JOIN excused ON excused.client_service_id = looked_at.id
    WHERE looked_at.monitored_from < :at
), uptime AS (
    -- In percent; no row where nothing was measured.
    SELECT measured.id, 100 * (whole.seconds - coalesce(lost.seconds, 0)) / whole.seconds AS percent
    FROM measured LEFT JOIN down ON down.client_service_id = measured.id
    CROSS JOIN LATERAL (SELECT sum(extract(epoch FROM upper(span) - lower(span))) AS seconds
        FROM unnest(measured.time) AS span) AS whole
    CROSS JOIN LATERAL (SELECT sum(extract(epoch FROM upper(span) - lower(span))) AS seconds
        FROM unnest(measured.time * down.time) AS span) AS lost
    WHERE whole.seconds > 0
), factors AS (
    -- One row for each reason that changes something, in the order of the rules.
    SELECT looked_at.id, factor.*
    FROM looked_at
    LEFT JOIN troubles ON troubles.client_service_id = looked_at.id
    LEFT JOIN uptime ON uptime.id = looked_at.id
    CROSS JOIN LATERAL (VALUES
        (1, 'sla_breaches', -least(30, 5 * coalesce(troubles.breaches, 0)),
            troubles.breaches || CASE troubles.breaches WHEN 1 THEN ' SLA breach' ELSE ' SLA breaches' END
            || ' in the last 90 days'),
        (2, 'satisfaction', coalesce((40 * looked_at.satisfaction - 220) / 9.0, 0),
            'client satisfaction ' || looked_at.satisfaction || ' of 10'),
        (3, 'review', CASE WHEN looked_at.review_overdue THEN -20 ELSE 0 END, 'review overdue'),
        (4, 'incidents', -least(15, 3 * coalesce(troubles.severe, 0)),
            troubles.severe || CASE troubles.severe WHEN 1 THEN ' severe incident' ELSE ' severe incidents' END
            || ' open or in the last 30 days'),
        (5, 'uptime', -least(25, 10 * greatest(0, coalesce(looked_at.target - uptime.percent, 0))),
            'uptime ' || to_char(trunc(uptime.percent, 2), 'FM990.00') || ' % against '
            || to_char(trunc(looked_at.target, 2), 'FM990.00') || ' % agreed')
    ) AS factor (place, name, points, reason)
    WHERE factor.points <> 0
), scored AS (
    -- The sum is exact to twelve decimals before it is rounded once, half up.
    SELECT looked_at.id, looked_at.score_before, looked_at.last_health_check_at,
        CAST(greatest(0, least(100, round(round(100 + coalesce(sum(factors.points), 0), 12)))) AS integer) AS score,
        coalesce(jsonb_agg(jsonb_build_array(factors.name, round(factors.points, 2), factors.reason)
            ORDER BY factors.points, factors.place) FILTER (WHERE factors.id IS NOT NULL), '[]') AS factors
    FROM looked_at LEFT JOIN factors ON factors.id = looked_at.id
    GROUP BY looked_at.id, looked_at.score_before, looked_at.last_health_check_at
)
"""

COUNTED = """
SELECT count(*) AS services, count(*) FILTER (WHERE score_before - score > :drop) AS degraded, max(id) AS last_id
FROM scored
"""

# A score for an earlier instant than the last one is history: the service keeps the later one.
KEPT = """
, stored AS (
    INSERT INTO health_checks (client_service_id, checked_at, score, factors)
    SELECT id, :at, score, factors FROM scored
    ON CONFLICT (client_service_id, checked_at) DO NOTHING
    RETURNING client_service_id, score
), kept AS (
    UPDATE client_services SET health_score = scored.score, last_health_check_at = :at
    FROM scored JOIN stored ON stored.client_service_id = scored.id
    WHERE client_services.id = scored.id AND coalesce(scored.last_health_check_at < :at, true)
    RETURNING client_services.id, scored.score_before, scored.score
)
SELECT (SELECT count(*) FROM scored) AS services, (SELECT max(id) FROM scored) AS last_id,
    (SELECT jsonb_agg(jsonb_build_object('service_id', id, 'score_before', score_before, 'score', score))
     FROM kept WHERE score_before - score > :drop) AS degraded
"""

REHEARSE = sa.text(SCORED + COUNTED)
STORE = sa.text(SCORED + KEPT)
