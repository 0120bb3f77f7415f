"""Signing in and out, and the one-time links of those who cannot."""

from flask import redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.auth import bp, pace
from portal.blueprints.auth.forms import CodeForm, ForgotForm, LoginForm, NewPasswordForm
from portal.clock import now
from portal.db import transaction
from portal.domain import staff
from portal.domain.staff import Step, queries, second_step
from portal.links import local
from portal.web import session
from portal.web.forms import faults_on, put_fault
from portal.web.guards import public, signed_in
from portal.web.htmx import done, page, refuse

WRONG = "The e-mail address or the password is not right."
WRONG_CODE = "This code is not right, or was used already. Wait for the next one."
TOO_LATE = "That took too long. Please sign in again."
MAILED = "If there is an account with this address, a link is on its way to it. It works for an hour."


@bp.get("/login")
@public
def login() -> Response:
    back = local(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(back, 303)
    return page("auth/login.html", form=LoginForm(next=back))


@bp.post("/login")
@public
def check_password() -> Response:
    form = LoginForm()
    if not form.validate_on_submit():
        return refuse("auth/login.html", form=form)
    attempt_id = claim(form.email.data, Step.PASSWORD)
    with transaction():
        user = staff.authenticate(
            email=form.email.data,
            password=form.password.data,
            attempt_id=attempt_id,
            demo_allowed=session.demo_allowed(),
            at=now(),
        )
        needs_code = user is not None and user.has_totp
        token = session.open_for(user, awaits_code=needs_code) if user else None
    if token is None:
        put_fault(form, "", WRONG)
        return refuse("auth/login.html", form=form)
    session.begin(token)
    back = local(form.next.data)
    return done(then=url_for(".ask_code", next=back) if needs_code else back)


@bp.get("/login/code")
@public
def ask_code() -> Response:
    if queries.awaiting_code(session.token(), at=now()) is None:
        return done(then=url_for(".login"), toast=TOO_LATE, kind="warning")
    return page("auth/code.html", form=CodeForm(next=local(request.args.get("next"))))


@bp.post("/login/code")
@public
def check_code() -> Response:
    waiting = queries.awaiting_code(session.token(), at=now())
    if waiting is None:
        return done(then=url_for(".login"), toast=TOO_LATE, kind="warning")
    form = CodeForm()
    if not form.validate_on_submit():
        return refuse("auth/code.html", form=form)
    attempt_id = claim(f"user {waiting.user_id}", Step.CODE)
    with transaction():
        how = second_step.pass_code(session=waiting, code=form.code.data, attempt_id=attempt_id, at=now())
        token = session.open_for(queries.user(waiting.user_id), second_step=how) if how else None
    if token is None:
        put_fault(form, "code", WRONG_CODE)
        return refuse("auth/code.html", form=form)
    session.begin(token)
    return done(then=local(form.next.data))


@bp.post("/logout")
@signed_in
def logout() -> Response:
    with transaction():
        staff.sign_out(token=session.token(), by=current_user.id, at=now())
    session.end()
    return done(then=url_for(".login"), toast="You are signed out.")


@bp.get("/forgot")
@public
def forgot() -> Response:
    return page("auth/forgot.html", form=ForgotForm())


@bp.post("/forgot")
@public
@pace.steady
def ask_for_reset() -> Response:
    form = ForgotForm()
    if not form.validate_on_submit():
        return refuse("auth/forgot.html", form=form)
    claim(form.email.data, Step.FORGOT)
    with transaction():
        staff.ask_for_reset(email=form.email.data, at=now())
    return done(then=url_for(".login"), toast=MAILED, kind="info")


@bp.get("/password/<token>")
@public
def new_password(token: str) -> Response:
    """Looking does not use the link up: mail scanners look."""
    person = queries.person_of(token, at=now())
    if person is None:
        return refuse("auth/link_is_over.html", 404)
    return page("auth/new_password.html", form=NewPasswordForm(), person=person)


@bp.post("/password/<token>")
@public
def set_password(token: str) -> Response:
    person = queries.person_of(token, at=now())
    if person is None:
        return refuse("auth/link_is_over.html", 404)
    form = NewPasswordForm()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            staff.use_link(token=token, password=form.password.data, at=now())
    if form.errors:
        return refuse("auth/new_password.html", form=form, person=person)
    session.end()
    return done(then=url_for(".login"), toast="Your password is set. Sign in with it.")


def claim(account: str, step: Step) -> int:
    """Count a guess, before it is made and in a transaction of its own, so that it stays counted."""
    with transaction():
        return staff.claim_attempt(account=account, address=session.address(), step=step, at=now())
