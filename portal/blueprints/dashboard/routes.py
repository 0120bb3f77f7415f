"""Home: what needs me today?"""

from datetime import UTC, datetime, time, timedelta
from fractions import Fraction

from flask import Blueprint
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.clock import now, today
from portal.domain.metrics import home
from portal.domain.staff.permissions import Permission, may
from portal.web import timeline
from portal.web.guards import requires
from portal.web.htmx import page

bp = Blueprint("dashboard", __name__)


@bp.get("/")
@requires(Permission.VIEW)
def board() -> Response:
    month = today().replace(day=1)
    month_began = datetime.combine(month, time(), clock.company_zone()).astimezone(UTC)
    met, judged = home.sla_met(month_began, now())
    return page(
        "dashboard/home.html",
        needs=home.needs(current_user, today=today(), at=now()),
        mrr=home.mrr(month) if may(current_user, Permission.VIEW_MONEY) else [],
        sla_share=Fraction(met, judged) if judged else None,
        judged=judged,
        days_to_provision=home.median_days_to_provision(now() - timedelta(days=90)),
        happened=timeline.lines(at_most=12, without=("service_imported",), **home.my_subjects(current_user)),
    )
