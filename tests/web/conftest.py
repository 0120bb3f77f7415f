"""The plumbing of pages on an app of its own, with a few routes that answer in every way a route can."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Blueprint, Flask, Response, current_app, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy.exc import OperationalError
from wtforms import RadioField, StringField
from wtforms.validators import DataRequired

from portal import extensions
from portal.db import db
from portal.domain.errors import Invalid, InvalidTransition, NotFound, StaleVersion
from portal.domain.staff.permissions import Permission, Role
from portal.settings import Settings
from portal.web import errors, filters, guards, headers, htmx, menu, static, theme
from portal.web.guards import public
from portal.web.tables import Bulk, Choice, Column, DateRange, Empty, Flag, NumberRange, Table, Text

bp = Blueprint("ways", __name__, template_folder="templates")

# 120 things without a table of their own: odd ones are old, every third is new, none has a day.
NUMBER = sa.func.generate_series(1, 120).column_valued("number")
GOODS = sa.select(
    sa.cast(NUMBER, sa.BigInteger).label("id"),
    (sa.literal("Thing ") + sa.func.lpad(sa.cast(NUMBER, sa.Text), 3, "0")).label("name"),
    sa.case((NUMBER % 2 == 0, "new"), else_="old").label("state"),
    sa.cast(NUMBER * 100, sa.BigInteger).label("price_minor"),
    sa.cast(sa.null(), sa.Date).label("made_on"),
    (NUMBER % 3 == 0).label("is_new"),
).subquery("goods")


def goods() -> sa.Select[tuple[object, ...]]:
    return sa.select(GOODS, sa.literal("USD").label("currency"))


TABLE = Table(
    "goods",
    columns=(
        Column("name", "Name", link="/goods/{id}?of={name}", fixed=True),
        Column("state", "State", cell="status"),
        Column("price_minor", "Price", cell="money"),
        Column("made_on", "Made", cell="date"),
        Column("is_new", "New", cell="flag", sortable=False, shown=False),
    ),
    filters=(
        Choice("state", "State", options=[("new", "New"), ("old", "Old")]),
        Text("name", "Name"),
        NumberRange("price_minor", "Price", scale=100),
        DateRange("made_on", "Made"),
        Flag("is_new", "New"),
    ),
    search=lambda text: GOODS.c.name.icontains(text, autoescape=True),
    sort="name",
    counted=True,
    empty=Empty("Nothing was made", "Make something.", "/make", "Make"),
)
TICKED = replace(TABLE, bulk=(Bulk("Suspend", "/suspend", "player-pause", Permission.SUSPEND),))
NO_TOOLS = Table("plain", columns=(Column("name", "Name"),), exports=False)


@bp.get("/goods")
@public
def board() -> Response:
    return TABLE.page("ways/list.html", goods())


@bp.get("/ticked")
@public
def ticked() -> Response:
    return TICKED.page("ways/list.html", goods())


@bp.get("/plain")
@public
def plain() -> Response:
    return NO_TOOLS.page("ways/list.html", goods())


@bp.get("/nothing")
@public
def nothing() -> Response:
    return TABLE.page("ways/list.html", goods().where(sa.false()))


@bp.get("/page")
@public
def a_page() -> Response:
    return htmx.page("ways/page.html", "ways/_part.html", name="<Ann>")


@bp.post("/act")
@public
def act() -> Response:
    if request.form.get("refuse"):
        return htmx.refuse("ways/_part.html", name="again")
    fragment = "ways/_part.html" if request.form.get("part") else None
    return htmx.done(fragment, then="/page", toast="It is done – “so”", into="#part", name="new")


FAULTS: dict[str, Exception] = {
    "transition": InvalidTransition("suspended", "suspend", ("resume", "cancel")),
    "stale": StaleVersion(theirs={"price": ("100.00", "120.00")}),
    "missing": NotFound("There is no such service."),
    "invalid": Invalid(faults={"end_date": "The end lies before the start."}),
    "fault": ZeroDivisionError("secret detail of the program"),
    "database": OperationalError("SELECT secret", {}, Exception("connection refused")),
}


@bp.route("/fail/<way>", methods=["GET", "POST"])
@public
def fail(way: str) -> ResponseReturnValue:
    raise FAULTS[way]


class ReasonForm(FlaskForm):
    reason = StringField("Reason", description="The client reads it.", validators=[DataRequired("Say why.")])
    unused = RadioField("Unused days", choices=[("credit", "Credit"), ("no", "Nothing")], default="credit")


@bp.route("/suspend", methods=["GET", "POST"])
@public
def suspend() -> Response:
    form = ReasonForm()
    if not form.validate_on_submit():
        return htmx.page("ways/suspend.html", form=form) if request.method == "GET" else refused(form)
    if form.reason.data == "stale":
        raise FAULTS["stale"]
    effects = current_app.extensions.setdefault("effects", [])
    effects.append(form.reason.data)
    return htmx.done(
        "ways/_part.html", then="/home", toast="It is suspended.", into="#part", name="suspended"
    )


def refused(form: ReasonForm) -> Response:
    return htmx.refuse("ways/suspend.html", form=form)


@bp.get("/home")
@public
def home() -> Response:
    return htmx.page("ways/home.html", name="the service")


class Fay:
    """Somebody of a role, for what pages show by permission."""

    id, name, is_authenticated, is_active, is_anonymous = 1, "Fay Lind", True, True, False

    def __init__(self, role: Role) -> None:
        self.role = role

    def get_id(self) -> str:
        return "1"


def make_app(settings: Settings) -> Flask:
    app = Flask("portal")
    app.extensions["settings"] = settings
    app.config.from_mapping(extensions.configuration(settings))
    extensions.init(app)
    app.register_blueprint(bp)
    for plumbing in (static, headers, guards, errors, filters, menu, theme):
        plumbing.init(app)
    return app


@pytest.fixture(scope="package")
def pages(settings: Settings) -> Flask:
    return make_app(settings)


@pytest.fixture
def http(pages: Flask) -> FlaskClient:
    return pages.test_client()


@pytest.fixture
def inside(pages: Flask) -> Iterator[None]:
    """Inside a request of nobody."""
    with pages.test_request_context("/"):
        yield
        db.session.remove()
