"""Light, dark, or as the system has it: kept in a cookie, so that the page is drawn right the first time."""

from flask import Blueprint, Flask, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.domain.staff.models import Theme
from portal.links import local
from portal.web.guards import public

COOKIE = "theme"
A_YEAR = 365 * 24 * 3600

bp = Blueprint("theme", __name__)


def chosen() -> str:
    """The cookie's theme, else the one of the person's profile, else the system's."""
    kept = request.cookies.get(COOKIE, "")
    return kept if kept in set(Theme) else getattr(current_user, "theme", None) or Theme.AUTO


@bp.post("/theme")
@public
def choose() -> Response:
    return keep(redirect(local(request.form.get("next")), 303), request.form.get("theme", ""))


def keep(answer: Response, theme: str) -> Response:
    """Let the browser keep this theme, if it is one; also for the profile page, where people set it for good."""
    if theme in set(Theme):
        answer.set_cookie(
            COOKIE, theme, max_age=A_YEAR, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return answer


def init(app: Flask) -> None:
    app.register_blueprint(bp)
    app.jinja_env.globals["theme"] = chosen
