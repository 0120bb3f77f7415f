"""The health of one service: its reasons, and what changed since the check before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from portal.db import db
from portal.domain.health.models import HealthCheck

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Reason:
    """One factor: points as they were counted, 0 where it is gone; `change` against the check before."""

    name: str
    points: float
    words: str
    change: float


@dataclass(frozen=True, slots=True)
class Standing:
    """The last checks of a service. `scores`: oldest first; `reasons`: the largest deduction first."""

    checked_at: datetime
    scores: Sequence[int]
    reasons: Sequence[Reason]

    @property
    def score(self) -> int:
        return self.scores[-1]

    @property
    def change(self) -> int:
        """Against the check before."""
        return self.scores[-1] - self.scores[-2] if len(self.scores) > 1 else 0


def standing_of(service_id: int) -> Standing | None:
    """None when the service was never checked."""
    latest = sa.select(HealthCheck).filter_by(client_service_id=service_id)
    checks = db.session.scalars(latest.order_by(HealthCheck.checked_at.desc()).limit(SHOWN)).all()
    if not checks:
        return None
    before = checks[1] if len(checks) > 1 else checks[0]
    scores = [check.score for check in reversed(checks)]
    return Standing(checks[0].checked_at, scores, _reasons(checks[0], before))


def _reasons(check: HealthCheck, before: HealthCheck) -> list[Reason]:
    """The factors of now, then those that counted before and no longer do."""
    now, then = (
        {name: (float(points), words) for name, points, words in each.factors} for each in (check, before)
    )
    stand = [
        Reason(name, points, words, points - then.get(name, (0.0, ""))[0])
        for name, (points, words) in now.items()
    ]
    gone = [Reason(name, 0.0, words, -points) for name, (points, words) in then.items() if name not in now]
    return [*stand, *gone]
