"""Saved views: a list's filters, sort and columns under a name."""

from flask import Blueprint, request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.views.forms import ViewForm
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain import views
from portal.domain.errors import NotFound
from portal.domain.staff.permissions import Permission, may
from portal.domain.views import SavedView
from portal.links import local
from portal.web.forms import faults_on
from portal.web.guards import signed_in
from portal.web.htmx import done, page, refuse

bp = Blueprint("views", __name__, url_prefix="/views")


@bp.get("/new")
@signed_in
def ask() -> Response:
    form = ViewForm(formdata=None, path=local(request.args.get("path")), query=request.args.get("query", ""))
    return page("views/new.html", form=form)


@bp.post("/new")
@signed_in
def save() -> Response:
    form, view = ViewForm(), None
    if form.validate_on_submit():
        kept = {
            "path": local(form.path.data).partition("?")[0],
            "query": form.query.data,
            "name": form.name.data,
            "is_shared": form.is_shared.data,
            "is_default": form.is_default.data,
        }
        with faults_on(form), transaction():
            view = views.save(**kept, by=current_user.id, at=now())
    if view is None:
        return refuse("views/new.html", form=form)
    return done(then=view.url, toast=f"The view “{view.name}” is saved.")


@bp.get("/<int:view_id>/remove")
@signed_in
def ask_to_remove(view_id: int) -> Response:
    return page("views/remove.html", view=_removable(view_id))


@bp.post("/<int:view_id>/remove")
@signed_in
def remove(view_id: int) -> Response:
    view = _removable(view_id)
    name, path = view.name, view.path
    with transaction():
        views.remove(view_id=view_id, by=current_user.id, may_remove_all=_tidies(), at=now())
    return done(then=path, toast=f"The view “{name}” is removed.")


def _removable(view_id: int) -> SavedView:
    view = fetch(SavedView, view_id)
    if view.user_id != current_user.id and not (view.is_shared and _tidies()):
        raise NotFound("There is no such view.")
    return view


def _tidies() -> bool:
    """Whoever manages the users may also remove what they share."""
    return may(current_user, Permission.MANAGE_USERS)
