"""What people set about themselves: name, time zone, theme, password."""

from zoneinfo import available_timezones

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.auth import bp
from portal.blueprints.auth.forms import ChangePasswordForm, ConfirmForm, ProfileForm
from portal.blueprints.auth.login import claim
from portal.clock import company_zone, now
from portal.db import transaction
from portal.domain import staff
from portal.domain.staff import Step, sign_in
from portal.web import session, theme
from portal.web.forms import faults_on, put_fault
from portal.web.guards import signed_in
from portal.web.htmx import done, page, refuse

CHANGED = "Your password is changed. Every other browser is signed out."


@bp.get("/profile")
@signed_in
def show_profile() -> Response:
    return page("auth/profile.html", form=_profile_form())


@bp.post("/profile")
@signed_in
def save_profile() -> Response:
    form = _profile_form()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            staff.edit_profile(
                user_id=current_user.id,
                name=form.name.data,
                timezone=form.timezone.data,
                theme=form.theme.data,
                by=current_user.id,
                at=now(),
            )
    if form.errors:
        return refuse("auth/profile.html", form=form)
    return theme.keep(done(then=url_for(".show_profile"), toast="Your profile is saved."), form.theme.data)


@bp.get("/profile/password")
@signed_in
def own_password() -> Response:
    return page("auth/password.html", form=ChangePasswordForm())


@bp.post("/profile/password")
@signed_in
def change_password() -> Response:
    """Every session of the person ends; this browser gets a new one."""
    form, token = ChangePasswordForm(), None
    if form.validate_on_submit() and said_password_again(form):
        with faults_on(form), transaction():
            user = staff.change_password(
                user_id=current_user.id, password=form.password.data, by=current_user.id, at=now()
            )
            token = session.open_for(user)
    if token is None:
        return refuse("auth/password.html", form=form)
    session.begin(token)
    return done(then=url_for(".show_profile"), toast=CHANGED)


def said_password_again(form: ChangePasswordForm | ConfirmForm) -> bool:
    """Whether `current` is the password; counted like every other guess."""
    attempt_id = claim(current_user.email, Step.PASSWORD)
    with transaction():
        right = sign_in.knows_password(
            user_id=current_user.id, password=form.current.data, attempt_id=attempt_id
        )
    if not right:
        put_fault(form, "current", "This is not your present password.")
    return right


def _profile_form() -> ProfileForm:
    form = ProfileForm(obj=current_user)
    company = ("", f"The company’s ({company_zone().key})")
    zones = ((zone, zone.replace("_", " ")) for zone in sorted(available_timezones()))
    form.timezone.choices = [company, *zones]
    return form
