"""The machine room: deliveries, runs, workers, mail; and what load balancers and monitors ask."""

from flask import Blueprint, Response, abort, jsonify, request, url_for
from flask_login import current_user
from prometheus_client import generate_latest

from portal import outbox, runs, vitals
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain.notices.queries import mail_log
from portal.domain.staff.permissions import Permission
from portal.outbox import Delivery
from portal.runs import RunState
from portal.web.guards import public, requires
from portal.web.htmx import done, page
from portal.web.tables import Choice, Column, Empty, Table

bp = Blueprint("ops", __name__)

QUEUE_NAMES = ("default", "billing", "notices", "mail", "reports")
STATES = ("waiting", "trying again", "done", "parked", "given up")

DELIVERIES = Table(
    "deliveries",
    columns=(
        Column("listener", "Listener", cell="label", fixed=True, link="/ops/deliveries/{id}"),
        Column("kind", "Event", cell="label"),
        Column("queue", "Queue"),
        Column("state", "State"),
        Column("attempts", "Tries", cell="number"),
        Column("created_at", "Since", cell="when"),
        Column("error", "Error", sortable=False),
    ),
    filters=(
        Choice("state", "State", options=[(each, each.capitalize()) for each in STATES]),
        Choice("queue", "Queue", options=[(each, each.capitalize()) for each in QUEUE_NAMES]),
    ),
    sort="-created_at",
    cells="ops/_cells.html",
    empty=Empty("No deliveries", "What happens to services is delivered to its listeners here."),
)
RUNS = Table(
    "runs",
    columns=(
        Column("name", "Run", cell="label", fixed=True),
        Column("slot", "For", cell="when"),
        Column("state", "State"),
        Column("missed", "Missed before it", cell="number"),
        Column("attempts", "Tries", cell="number"),
        Column("finished_at", "Finished", cell="when"),
        Column("error", "Error", sortable=False),
    ),
    filters=(Choice("state", "State", options=RunState),),
    sort="-slot",
    cells="ops/_cells.html",
    empty=Empty("No runs yet", "The calendar's runs are listed here once the scheduler ticks."),
)
MAIL = Table(
    "mail",
    columns=(
        Column("title", "Subject", fixed=True),
        Column("recipient", "To"),
        Column("state", "State"),
        Column("created_at", "Written", cell="when"),
        Column("sent_at", "Sent", cell="when"),
    ),
    filters=(Choice("state", "State", options=[(each, each.capitalize()) for each in ("waiting", "sent")]),),
    sort="-created_at",
    cells="ops/_cells.html",
    empty=Empty("No mail yet", "Notices that go by mail are listed here."),
)


@bp.get("/ops")
@requires(Permission.OPS)
def board() -> Response:
    return page(
        "ops/board.html",
        vitals=vitals.vitals(now(), QUEUE_NAMES),
        counts=outbox.counts(),
        depths=vitals.queue_depths(),
        workers=runs.workers(),
        latest=runs.latest_runs(now()),
    )


@bp.get("/ops/deliveries")
@requires(Permission.OPS)
def deliveries() -> Response:
    return DELIVERIES.page("ops/list.html", vitals.deliveries(), heading="Deliveries")


@bp.get("/ops/runs")
@requires(Permission.OPS)
def periodic_runs() -> Response:
    return RUNS.page("ops/list.html", vitals.periodic_runs(), heading="Runs of the calendar")


@bp.get("/ops/mail")
@requires(Permission.OPS)
def mail() -> Response:
    return MAIL.page("ops/list.html", mail_log(), heading="Mail")


@bp.get("/ops/deliveries/<int:delivery_id>")
@requires(Permission.OPS)
def delivery(delivery_id: int) -> Response:
    one = fetch(Delivery, delivery_id)
    return page("ops/delivery.html", delivery=one, event=fetch(outbox.EventRecord, one.event_id))


@bp.post("/ops/deliveries/<int:delivery_id>/retry")
@requires(Permission.OPS)
def retry(delivery_id: int) -> Response:
    with transaction():
        outbox.retry(delivery_id, by=current_user.id, at=now())
    return done(then=url_for(".delivery", delivery_id=delivery_id), toast="It is being tried again.")


@bp.post("/ops/deliveries/<int:delivery_id>/give-up")
@requires(Permission.OPS)
def give_up(delivery_id: int) -> Response:
    with transaction():
        outbox.give_up(delivery_id, by=current_user.id, at=now())
    return done(then=url_for(".delivery", delivery_id=delivery_id), toast="Given up. It stays in the books.")


@bp.post("/ops/runs/<int:run_id>/again")
@requires(Permission.OPS)
def run_again(run_id: int) -> Response:
    with transaction():
        name = runs.run_again(run_id, by=current_user.id, at=now()).name
    return done(then=url_for(".periodic_runs"), toast=f"{name} runs again at the next tick.")


@bp.get("/healthz")
@public
def healthz() -> Response:
    """The process is alive; it asks nobody."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> Response:
    """503 when something needs a person: names only, since anybody may ask."""
    checks = {vital.name: vital.is_well for vital in vitals.vitals(now(), QUEUE_NAMES)}
    answer = jsonify(status="ok" if all(checks.values()) else "red", checks=checks)
    answer.status_code = 200 if all(checks.values()) else 503
    return answer


@bp.get("/metrics")
@public
def metrics() -> Response:
    """For Prometheus on this host only, not for whoever comes in through the proxy on it."""
    if request.remote_addr not in ("127.0.0.1", "::1") or "X-Forwarded-For" in request.headers:
        abort(404)
    return Response(generate_latest(), mimetype="text/plain; version=0.0.4")
