"""The pages of the business settings."""

from flask import Blueprint, abort, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.settings.forms import SettingsForm, form_of
from portal.clock import now
from portal.db import transaction
from portal.domain import company
from portal.domain.company.rules import PAGES, on_page
from portal.domain.staff import Permission
from portal.web import timeline
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse

bp = Blueprint("settings", __name__, url_prefix="/settings")


@bp.get("")
@requires(Permission.SETTINGS)
def start() -> Response:
    return redirect(url_for(".show", name=next(iter(PAGES))), 303)


@bp.get("/<name>")
@requires(Permission.SETTINGS)
def show(name: str) -> Response:
    form = _form_class(name)(
        formdata=None, data={**company.all_settings(), "version": company.version_of(name)}
    )
    return page("settings/page.html", **_about(name, form))


@bp.post("/<name>")
@requires(Permission.SETTINGS)
def change(name: str) -> Response:
    form = _form_class(name)()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            company.change(values=form.values(), seen=form.version.data, by=current_user.id, at=now())
    if form.errors:
        return refuse("settings/page.html", form.refusal(company.version_of(name)), **_about(name, form))
    return done(
        then=url_for(".show", name=name), toast=f"The settings of {PAGES[name].title.lower()} are saved."
    )


def _form_class(name: str) -> type[SettingsForm]:
    if name not in PAGES:
        abort(404)
    return form_of(name)


def _about(name: str, form: SettingsForm) -> dict[str, object]:
    return {
        "name": name,
        "about": PAGES[name],
        "pages": PAGES,
        "settings": on_page(name),
        "form": form,
        "happened": timeline.lines(at_most=10, settings=[1]),
    }
