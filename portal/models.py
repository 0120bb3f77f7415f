"""Every table, imported once so that the metadata is whole."""

from portal import movable_clock, outbox, runs
from portal.domain.billing import models as billing
from portal.domain.billing import settling_models as settling
from portal.domain.bulk import models as bulk
from portal.domain.catalogue import models as catalogue
from portal.domain.clients import models as clients
from portal.domain.company import models as company
from portal.domain.exchange import models as exchange
from portal.domain.health import models as health
from portal.domain.imports import models as imports
from portal.domain.lifecycle import models as lifecycle
from portal.domain.metrics import models as metrics
from portal.domain.notices import models as notices
from portal.domain.pricing import models as pricing
from portal.domain.provisioning import models as provisioning
from portal.domain.receivables import models as receivables
from portal.domain.renewals import models as renewals
from portal.domain.reports import models as reports
from portal.domain.sla import models as sla
from portal.domain.staff import models as staff
from portal.domain.uptime import models as uptime
from portal.domain.views import models as views

__all__ = [
    "billing", "bulk", "catalogue", "clients", "company", "exchange", "health", "imports", "lifecycle", "metrics",
    "movable_clock", "notices", "outbox", "pricing", "provisioning", "receivables", "renewals", "reports", "runs",
    "settling", "sla", "staff", "uptime", "views",
]  # fmt: skip
