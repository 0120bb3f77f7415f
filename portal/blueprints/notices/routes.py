"""The bell, one's notices, and which of them come by which channel."""

from flask import Blueprint, Response, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.clock import now
from portal.db import transaction
from portal.domain import notices
from portal.domain.notices import queries
from portal.domain.words import Channel
from portal.web.guards import polled, signed_in
from portal.web.htmx import done, page
from portal.web.tables import Choice, Column, Empty, Table

bp = Blueprint("notices", __name__, url_prefix="/notices")

NOTICES = Table(
    "notices",
    columns=(
        Column("title", "Notice", fixed=True, sortable=False),
        Column("state", "State", sortable=False),
        Column("created_at", "When", cell="when"),
    ),
    filters=(
        Choice("state", "State", options=[("unread", "Unread"), ("read", "Read")]),
        Choice("kind", "Kind", options=[(key, kind.label) for key, kind in notices.KINDS.items()]),
    ),
    search=queries.matching,
    sort="-created_at",
    cells="notices/_cells.html",
    empty=Empty("Nothing to tell you", "Notices about your services and clients arrive here."),
)


@bp.get("")
@signed_in
def board() -> Response:
    return NOTICES.page("notices/list.html", queries.listing(current_user.id), kinds=notices.KINDS)


@bp.get("/bell")
@signed_in
@polled
def bell() -> Response:
    """204 while the number that the page shows is still right."""
    count, _ = queries.unread(current_user.id)
    seen = request.args.get("seen", type=int)
    if seen == count:
        return Response(status=204)
    news = max(count - (seen or 0), 0) if seen is not None else 0
    return page("notices/_bell.html", "notices/_bell.html", unread=count, news=news)


@bp.post("/<int:notice_id>/open")
@signed_in
def open_notice(notice_id: int) -> BaseResponse:
    with transaction():
        path = notices.read(notice_id=notice_id, by=current_user.id, at=now()).path
    return redirect(path, 303)


@bp.post("/read")
@signed_in
def read_all() -> Response:
    with transaction():
        count = notices.read_all(by=current_user.id, at=now())
    return done(then=url_for(".board"), toast=f"{count} notices marked as read.")


@bp.get("/preferences")
@signed_in
def preferences() -> Response:
    wanted = queries.wants(current_user.id)
    return page("notices/preferences.html", kinds=notices.KINDS, channels=list(Channel), wanted=wanted)


@bp.post("/preferences")
@signed_in
def choose() -> Response:
    with transaction():
        for kind, channel in queries.wants(current_user.id):
            wanted = f"{kind}:{channel}" in request.form
            notices.prefer(kind=kind, channel=channel, is_wanted=wanted, by=current_user.id, at=now())
    return done(then=url_for(".preferences"), toast="Your choice is saved.")
