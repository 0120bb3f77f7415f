"""The figures of recurring revenue, and the ledger that they come from (rule book 9)."""

from portal.domain.metrics.figures import Breakdown, breakdown, mrr
from portal.domain.metrics.months import churn, movements
from portal.domain.metrics.scope import Scope

__all__ = ["Breakdown", "Scope", "breakdown", "churn", "movements", "mrr"]
