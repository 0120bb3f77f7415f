"""The wall of tiles, and what stands behind one of them."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from flask import Response as FlaskResponse
from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.health import bp
from portal.clock import now
from portal.domain.health import board
from portal.domain.health.board import Grouping, Scope, Tile
from portal.domain.health.queries import standing_of
from portal.domain.health.rules import HealthStatus
from portal.domain.lifecycle import board as services
from portal.domain.lifecycle import overview
from portal.domain.reports import recent
from portal.domain.staff import Permission, may, may_edit
from portal.web.guards import polled, requires
from portal.web.htmx import page


@bp.get("/health")
@requires(Permission.VIEW)
def show_wall() -> Response:
    return page("health/wall.html", **_wall(), technicians=services.technicians(), managers=board.managers())


@bp.get("/health/tiles")
@requires(Permission.VIEW)
@polled
def tiles() -> FlaskResponse:
    """204 while what the wall shows is still right."""
    if request.args.get("seen") == board.state_of(_scope()):
        return FlaskResponse(status=204)
    return page("health/_tiles.html", "health/_tiles.html", **_wall())


@bp.get("/health/<int:service_id>")
@requires(Permission.VIEW)
def show_service(service_id: int) -> Response:
    """Why its score is what it is: in the dialog over the wall, or as a page."""
    service = overview.whole(service_id)
    return page(
        "health/service.html",
        service=service,
        standing=standing_of(service_id),
        incidents=overview.open_incidents_of(service_id),
        availability=recent.availability_of(service, at=now()),
        may_review=may_edit(current_user, service),
    )


def _wall() -> dict[str, Any]:
    scope, grouping = _scope(), _word(Grouping, "group")
    asked: dict[str, Any] = {key: value for key, value in request.args.items() if key != "seen" and value}
    found = board.tiles(scope, grouping=grouping)
    return {
        "scope": scope,
        "grouping": grouping,
        "groups": _grouped(found),
        "is_cut": len(found) == board.MOST_TILES,
        "figures": board.figures(scope, at=now()),
        "at_risk": board.at_risk(scope) if may(current_user, Permission.VIEW_MONEY) else [],
        "poll": url_for("health.tiles", **{**asked, "seen": board.state_of(scope)}),
        "url_of": lambda **changes: url_for("health.show_wall", **{**asked, **changes}),
        "statuses": list(HealthStatus),
        "groupings": list(Grouping),
    }


def _grouped(found: Sequence[Tile]) -> list[tuple[str, list[Tile]]]:
    """[(name, its tiles)], the group with the worst tile first."""
    worst = {name: place for place, name in reversed(list(enumerate(tile.group for tile in found)))}
    ordered = sorted(found, key=lambda tile: worst[tile.group])
    return [(name, list(tiles)) for name, tiles in groupby(ordered, key=lambda tile: tile.group)]


def _scope() -> Scope:
    """What the address asks for; what cannot be read is ignored."""
    return Scope(
        status=_word(HealthStatus, "status"), technician=_person("technician"), manager=_person("manager")
    )


def _word(words: Any, key: str) -> Any:
    asked = request.args.get(key, "")
    return words(asked) if asked in list(words) else None


def _person(key: str) -> int | None:
    asked = request.args.get(key, "")
    if asked == "me":
        return int(current_user.id)
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else None
