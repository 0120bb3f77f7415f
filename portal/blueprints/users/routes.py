"""The users page: who is on the staff, in which role, and ways in for those who are locked out."""

from flask import Blueprint, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import links
from portal.blueprints.users.forms import InviteForm, RoleForm
from portal.blueprints.users.moves import MOVES, offered
from portal.clock import now
from portal.db import transaction
from portal.domain import staff
from portal.domain.staff import Permission, Role, queries
from portal.domain.staff.models import AccountState, OneTimeLink
from portal.web import timeline
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse
from portal.web.tables import Choice, Column, Flag, Table

bp = Blueprint("users", __name__, url_prefix="/users")

USERS = Table(
    "users",
    columns=(
        Column("name", "Name", link="/users/{id}", fixed=True),
        Column("email", "E-mail address"),
        Column("role", "Role", cell="label"),
        Column("state", "Account", cell="status"),
        Column("second_step", "Second step", cell="flag"),
        Column("last_login_at", "Last sign-in", cell="when"),
    ),
    filters=(
        Choice("role", "Role", options=Role),
        Choice("state", "Account", options=AccountState),
        Flag("second_step", "Second step"),
    ),
    search=queries.matching,
    search_hint="Name or e-mail address",
    sort="name",
    counted=True,
)


@bp.get("")
@requires(Permission.MANAGE_USERS)
def board() -> Response:
    return USERS.page("users/list.html", queries.listing())


@bp.get("/new")
@requires(Permission.MANAGE_USERS)
def ask_invite() -> Response:
    return page("users/invite.html", form=InviteForm())


@bp.post("/new")
@requires(Permission.MANAGE_USERS)
def invite() -> Response:
    form, link = InviteForm(), None
    if form.validate_on_submit():
        with faults_on(form), transaction():
            link = staff.invite(
                email=form.email.data, name=form.name.data, role=form.role.data, by=current_user.id, at=now()
            )
    return _link_page(link) if link else refuse("users/invite.html", form=form)


@bp.get("/<int:user_id>")
@requires(Permission.MANAGE_USERS)
def show(user_id: int) -> Response:
    user = queries.user(user_id)
    return page("users/user.html", user=user, moves=offered(user), happened=timeline.lines(user=[user_id]))


@bp.get("/<int:user_id>/role")
@requires(Permission.MANAGE_USERS)
def ask_role(user_id: int) -> Response:
    user = queries.user(user_id)
    return page("users/role.html", user=user, form=RoleForm(role=user.role))


@bp.post("/<int:user_id>/role")
@requires(Permission.MANAGE_USERS)
def change_role(user_id: int) -> Response:
    form = RoleForm()
    if not form.validate_on_submit():
        return refuse("users/role.html", user=queries.user(user_id), form=form)
    with transaction():
        user = staff.change_role(user_id=user_id, role=form.role.data, by=current_user.id, at=now())
    return done(
        then=url_for(".show", user_id=user_id), toast=f"{user.name}: {user.role.label.lower()} from now on."
    )


@bp.post("/<int:user_id>/link")
@requires(Permission.MANAGE_USERS)
def make_link(user_id: int) -> Response:
    """A link for somebody who cannot sign in; an invitation as long as there is no password."""
    make = staff.make_reset_link if queries.user(user_id).has_password else staff.send_invite
    with transaction():
        link = make(user_id=user_id, by=current_user.id, at=now())
    return _link_page(link)


@bp.get("/<int:user_id>/<any(deactivate, reactivate, remove_second_step):move>")
@requires(Permission.MANAGE_USERS)
def ask_move(user_id: int, move: str) -> Response:
    return page("users/move.html", user=queries.user(user_id), move=MOVES[move], name=move)


@bp.post("/<int:user_id>/<any(deactivate, reactivate, remove_second_step):move>")
@requires(Permission.MANAGE_USERS)
def make_move(user_id: int, move: str) -> Response:
    with transaction():
        MOVES[move].action(user_id=user_id, by=current_user.id, at=now())
    toast = MOVES[move].done.format(name=queries.user(user_id).name)
    return done(then=url_for(".show", user_id=user_id), toast=toast)


def _link_page(link: OneTimeLink) -> Response:
    """The link, shown this once: it is kept nowhere."""
    user = queries.user(link.user_id)
    return page("users/link.html", user=user, link=link, url=links.one_time(queries.token_of(link)))
