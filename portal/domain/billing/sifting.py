"""Holds back what is beyond the bounds: PostgreSQL picks out what may be, and the rules of bounds decide."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import db
from portal.domain.billing.bounds import (
    MOST_LINES_A_DAY,
    MOST_TIMES_THE_LAST,
    Claim,
    Proposal,
    reason_to_park,
)
from portal.domain.billing.staging import park_staged
from portal.domain.company import setting
from portal.domain.money import Money
from portal.domain.periods import Period

# Whatever may be beyond a bound, and no more than needs a closer look: days before the end of the last line, many
# lines, an amount above ten times the last, one below zero, two schedules of one service.
SUSPECTS = sa.text("""
    WITH runs AS MATERIALIZED (
        SELECT id FROM billing_runs WHERE started_at > :since AND id IS DISTINCT FROM :run_id),
    proposed AS (
        SELECT schedule_id, count(*) AS lines, min(period_start) AS first_on, min(amount_minor) AS least,
               max(amount_minor) FILTER (WHERE kind = 'recurring') AS most
        FROM staged_lines GROUP BY schedule_id),
    earlier AS (
        SELECT client_service_id AS service_id, count(*) AS lines
        FROM invoices JOIN invoice_lines ON invoice_id = invoices.id
        WHERE run_id IN (SELECT id FROM runs) AND drafted_on = :today AND client_id > :after AND client_id <= :upto
        GROUP BY client_service_id),
    shared AS (
        SELECT service_id FROM staged_bills GROUP BY service_id HAVING count(*) > 1)
    SELECT bill.*, coalesce(earlier.lines, 0) AS lines_before
    FROM staged_bills AS bill JOIN proposed USING (schedule_id)
    LEFT JOIN earlier USING (service_id) LEFT JOIN shared USING (service_id)
    WHERE proposed.first_on < bill.last_end OR proposed.lines + coalesce(earlier.lines, 0) > :most_lines
       OR proposed.most > :times * bill.last_minor OR proposed.least < 0 OR shared.service_id IS NOT NULL
    ORDER BY bill.schedule_id
""")
# Each billed day of a service that no credit gave back, as spans. A line of a year is the longest there is.
TAKEN = sa.text("""
    SELECT line.client_service_id AS service_id, line.period_start AS line_start, line.period_end AS line_end,
           lower(span.days) AS starts_on, upper(span.days) AS ends_on
    FROM invoice_lines AS line
    CROSS JOIN LATERAL unnest(datemultirange(daterange(line.period_start, line.period_end)) - coalesce(
        (SELECT range_agg(daterange(credit.period_start, credit.period_end)) FROM invoice_lines AS credit
         WHERE credit.corrects_line_id = line.id AND NOT credit.is_void
           AND credit.period_end > credit.period_start), '{}')) AS span (days)
    WHERE line.client_service_id = ANY(:ids) AND line.kind = 'recurring' AND NOT line.is_void
""")
STAGED = sa.text(
    "SELECT * FROM staged_lines WHERE schedule_id = ANY(:ids) ORDER BY schedule_id, period_start"
)
ALREADY_BILLED = sa.text("""
    DELETE FROM staged_lines USING staged_bills AS bill, invoice_lines AS line
    WHERE bill.schedule_id = staged_lines.schedule_id AND bill.schedule_id = ANY(:ids)
      AND line.client_service_id = bill.service_id AND line.kind = staged_lines.kind AND NOT line.is_void
      AND (line.kind = 'setup_fee' OR (line.kind = 'recurring'
           AND (line.period_start, line.period_end) = (staged_lines.period_start, staged_lines.period_end)))
""")


def hold_back(*, after: int, upto: int, run_id: int | None) -> None:
    """Pass over what is billed already, and park what is beyond the bounds."""
    most = max(MOST_LINES_A_DAY, setting("most_missed_periods") + 1)
    bounds = {"most_lines": most, "times": MOST_TIMES_THE_LAST}
    # A client that this run has come to has no other invoice of it; earlier runs of the day count.
    earlier = {"today": clock.today(), "since": clock.now() - timedelta(days=2), "run_id": run_id}
    suspects = db.session.execute(SUSPECTS, bounds | earlier | {"after": after, "upto": upto}).all()
    if not suspects:
        return
    db.session.execute(ALREADY_BILLED, {"ids": [row.schedule_id for row in suspects]})
    reasons = {row.schedule_id: reason_to_park(each) for row, each in _proposals(suspects, most)}
    park_staged({schedule_id: reason for schedule_id, reason in reasons.items() if reason})


def _proposals(rows: Sequence[sa.Row[Any]], most_lines: int) -> Iterator[tuple[sa.Row[Any], Proposal]]:
    """What each of these schedules would bill, and what its service was billed already."""
    ids = [row.schedule_id for row in rows]
    lines = _grouped(db.session.execute(STAGED, {"ids": ids}), "schedule_id")
    taken = _grouped(db.session.execute(TAKEN, {"ids": [row.service_id for row in rows]}), "service_id")
    spans = {key: [Period(each.starts_on, each.ends_on) for each in found] for key, found in taken.items()}
    for row in rows:
        own, claims = lines[row.schedule_id], _claims(lines[row.schedule_id], row.currency)
        yield (
            row,
            Proposal(
                claims=claims,
                total=Money(sum(line.amount_minor for line in own), row.currency),
                last=_last(row),
                taken=tuple(spans.get(row.service_id, ())),
                lines_today=len(own) + row.lines_before,
                most_lines=most_lines,
                is_cleared=row.is_cleared,
            ),
        )
        # Another schedule of the same service does not bill these days too.
        spans.setdefault(row.service_id, []).extend(claim.period for claim in claims)


def _claims(lines: Iterable[sa.Row[Any]], currency: str) -> tuple[Claim, ...]:
    return tuple(
        Claim(Period(line.period_start, line.period_end), Money(line.amount_minor, currency))
        for line in lines
        if line.period_end is not None
    )


def _last(row: sa.Row[Any]) -> Claim | None:
    if row.last_minor is None:
        return None
    return Claim(Period(row.last_start, row.last_end), Money(row.last_minor, row.currency))


def _grouped(rows: Iterable[sa.Row[Any]], key: str) -> dict[int, list[sa.Row[Any]]]:
    found: dict[int, list[sa.Row[Any]]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found
