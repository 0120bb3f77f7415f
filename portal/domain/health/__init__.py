"""How well services do: their scores, with the reasons."""

from portal.domain.health.actions import review
from portal.domain.health.scoring import rehearse, run, run_page, score

__all__ = ["rehearse", "review", "run", "run_page", "score"]
