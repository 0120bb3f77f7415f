"""How safe one's account is: the second step, recovery codes, and the browsers that are signed in."""

from dataclasses import dataclass
from io import BytesIO

import segno
from flask import Response, current_app, url_for
from flask_login import current_user

from portal.blueprints.auth import bp
from portal.blueprints.auth.forms import CodeForm, ConfirmForm
from portal.blueprints.auth.login import claim
from portal.blueprints.auth.profile import said_password_again
from portal.clock import now
from portal.db import transaction
from portal.domain.staff import Step, queries, second_step, sign_in
from portal.web import session
from portal.web.forms import faults_on
from portal.web.guards import signed_in
from portal.web.htmx import done, page, refuse


@dataclass(frozen=True)
class Move:
    """A change of the second step that asks for the password first."""

    title: str
    consequence: str
    verb: str
    kind: str = "primary"


MOVES = {
    "start": Move(
        "Set up a second step",
        "You get a QR code for an authenticator app. The second step is on once its first code is entered.",
        "Show the QR code",
    ),
    "codes": Move(
        "Make new recovery codes",
        "The codes that you have now stop working. The new ones are shown once.",
        "Make new codes",
    ),
    "remove": Move(
        "Turn the second step off",
        "From then on your password alone signs you in. Your recovery codes stop working.",
        "Turn it off",
        "danger",
    ),
}


# The first mark that is in the text counts: Edge and Opera call themselves Chrome as well, and all say Safari.
BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@bp.get("/profile/second-step")
@signed_in
def show_second_step() -> Response:
    return page("auth/second_step.html", **_second_step(CodeForm()))


@bp.get("/profile/second-step/<any(start, codes, remove):move>")
@signed_in
def confirm_move(move: str) -> Response:
    return page("auth/confirm_move.html", form=ConfirmForm(), move=MOVES[move], name=move)


@bp.post("/profile/second-step/<any(start, codes, remove):move>")
@signed_in
def make_move(move: str) -> Response:
    form = ConfirmForm()
    if not (form.validate_on_submit() and said_password_again(form)):
        return refuse("auth/confirm_move.html", form=form, move=MOVES[move], name=move)
    return {"start": _start, "codes": _new_codes, "remove": _remove}[move]()


def _start() -> Response:
    with transaction():
        second_step.start_set_up(user_id=current_user.id, by=current_user.id, at=now())
    return done(then=url_for(".show_second_step"))


def _new_codes() -> Response:
    """The codes are in this answer, and nowhere else."""
    with transaction():
        codes = second_step.make_recovery_codes(user_id=current_user.id, by=current_user.id, at=now())
    return page("auth/recovery_codes.html", codes=codes)


def _remove() -> Response:
    with transaction():
        second_step.remove(user_id=current_user.id, by=current_user.id, at=now())
    return done(then=url_for(".show_second_step"), toast="The second step is off.", kind="warning")


@bp.get("/profile/second-step/qr.svg")
@signed_in
def qr_code() -> Response:
    """The seed as a picture of its own: the page's policy allows no inline images to hide it in."""
    uri = second_step.uri_of(session.signed_in_as(), issuer=current_app.extensions["settings"].company_name)
    picture = BytesIO()
    segno.make(uri, micro=False).save(picture, kind="svg", scale=5, border=4, light="white")
    return Response(picture.getvalue(), mimetype="image/svg+xml")


@bp.post("/profile/second-step/confirm")
@signed_in
def confirm_second_step() -> Response:
    """The recovery codes are in this answer, and nowhere else."""
    form, codes = CodeForm(), []
    if form.validate_on_submit():
        attempt_id = claim(f"user {current_user.id}", Step.CODE)
        with faults_on(form), transaction():
            codes = second_step.confirm_set_up(
                user_id=current_user.id, code=form.code.data, by=current_user.id, at=now()
            )
            sign_in.forget_attempt(attempt_id)
    if form.errors:
        return refuse("auth/second_step.html", **_second_step(form))
    return page("auth/recovery_codes.html", codes=codes)


@bp.app_template_filter()
def browser_name(user_agent: str) -> str:
    """Firefox on Windows, as far as the browser says so."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "Another browser")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser


@bp.get("/profile/sessions")
@signed_in
def show_sessions() -> Response:
    found = queries.sessions_of(current_user.id, at=now())
    return page("auth/sessions.html", sessions=found, this_id=session.current_id())


@bp.post("/profile/sessions/<int:session_id>/revoke")
@signed_in
def revoke_session(session_id: int) -> Response:
    with transaction():
        sign_in.revoke_session(user_id=current_user.id, session_id=session_id, by=current_user.id, at=now())
    return done(then=url_for(".show_sessions"), toast="That browser is signed out.")


@bp.post("/profile/sessions/revoke-others")
@signed_in
def revoke_other_sessions() -> Response:
    with transaction():
        sign_in.revoke_other_sessions(
            user_id=current_user.id, keep_id=session.current_id(), by=current_user.id, at=now()
        )
    return done(then=url_for(".show_sessions"), toast="All other browsers are signed out.")


def _second_step(form: CodeForm) -> dict[str, object]:
    """What the page shows: off, half-way (with the seed to scan), or on."""
    user = session.signed_in_as()
    under_way = user.totp_secret is not None and not user.has_totp
    return {
        "on_since": user.totp_confirmed_at,
        "seed": second_step.seed_of(user) if under_way else None,
        "must_enrol": session.must_enrol(),
        "codes_left": queries.recovery_codes_left(user.id),
        "form": form,
    }
