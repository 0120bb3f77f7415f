"""Business calendars: hours, days off, and a preview of both before they are saved."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.catalogue import bp
from portal.blueprints.catalogue.forms import CalendarForm, of_calendar
from portal.clock import now, today
from portal.db import fetch, transaction
from portal.domain import catalogue
from portal.domain.catalogue import outlook, queries
from portal.domain.catalogue.models import Calendar
from portal.domain.staff import Permission
from portal.web import rows
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse

FORM = "catalogue/calendar_form.html"
PREVIEW = "catalogue/_preview.html"


@bp.get("/calendars")
@requires(Permission.VIEW)
def calendars() -> Response:
    known = [(each, outlook.outlook_of(each, since=today())) for each in queries.calendars()]
    return page("catalogue/calendars.html", calendars=known, used_by=queries.policies_by_calendar())


@bp.get("/calendars/new")
@requires(Permission.CATALOGUE)
def ask_calendar() -> Response:
    form = CalendarForm(formdata=None, data={"timezone": "UTC", "windows": "Mon-Fri 09:00-17:00"})
    return _form_page(None, form, rows.Rows([{}]))


@bp.post("/calendars/new")
@requires(Permission.CATALOGUE)
def create_calendar() -> Response:
    form, days = CalendarForm(), _days()
    if days.is_moved:
        return _form_page(None, form, days)
    if form.validate_on_submit():
        with faults_on(form), transaction():
            catalogue.create_calendar(days=days.rows, **form.values(), by=current_user.id, at=now())
    if form.errors:
        return refuse(FORM, calendar=None, form=form, days=days, outlook=_outlook(form, days))
    return done(then=url_for(".calendars"), toast=f"SLA policies can count the hours of {form.name.data}.")


@bp.get("/calendars/<int:calendar_id>")
@requires(Permission.CATALOGUE)
def ask_edit_calendar(calendar_id: int) -> Response:
    calendar = fetch(Calendar, calendar_id)
    form = CalendarForm(formdata=None, data=of_calendar(calendar))
    known = [{"on_date": each.on_date.isoformat(), "name": each.name} for each in calendar.holidays]
    return _form_page(calendar, form, rows.Rows(known or [{}]))


@bp.post("/calendars/<int:calendar_id>")
@requires(Permission.CATALOGUE)
def edit_calendar(calendar_id: int) -> Response:
    calendar, form, days = fetch(Calendar, calendar_id), CalendarForm(), _days()
    if days.is_moved:
        return _form_page(calendar, form, days)
    if form.validate_on_submit():
        values = form.values() | {"version": form.version.data, "days": days.rows}
        with faults_on(form), transaction():
            catalogue.edit_calendar(calendar_id=calendar_id, **values, by=current_user.id, at=now())
    if form.errors:
        status, seen = form.refusal(calendar.version), _outlook(form, days)
        return refuse(FORM, status, calendar=calendar, form=form, days=days, outlook=seen)
    return done(then=url_for(".calendars"), toast=f"{calendar.name} is saved.")


@bp.get("/calendars/<int:calendar_id>/remove")
@requires(Permission.CATALOGUE)
def ask_remove_calendar(calendar_id: int) -> Response:
    calendar = fetch(Calendar, calendar_id)
    return page("catalogue/remove_calendar.html", calendar=calendar, used_by=queries.policies_on(calendar_id))


@bp.post("/calendars/<int:calendar_id>/remove")
@requires(Permission.CATALOGUE)
def remove_calendar(calendar_id: int) -> Response:
    name = fetch(Calendar, calendar_id).name
    with transaction():
        catalogue.remove_calendar(calendar_id=calendar_id, by=current_user.id, at=now())
    return done(then=url_for(".calendars"), toast=f"{name} is deleted.")


def _days() -> rows.Rows:
    return rows.entered({"on_date": "day", "name": "day_name"})


def _outlook(form: CalendarForm, days: rows.Rows) -> outlook.Outlook:
    return outlook.outlook(form.values(), days.rows, since=today())


def _form_page(calendar: Calendar | None, form: CalendarForm, days: rows.Rows) -> Response:
    """The form; under htmx, only its preview while somebody types."""
    typing = request.headers.get("HX-Target") == "preview"
    fragment = PREVIEW if typing else None
    return page(FORM, fragment, calendar=calendar, form=form, days=days, outlook=_outlook(form, days))
