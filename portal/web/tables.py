"""Lists: columns, filters, search, sort, pages and export, declared once and read from the address.

The SELECT is the owner's and names its columns; a `Table` says how they are shown. A column or filter finds
its SQL by its key among the selected labels. In a blueprint:

    SERVICES = Table(
        "services",
        columns=(
            Column("name", "Service", link="/services/{id}", fixed=True),
            Column("client", "Client", link="/clients/{client_code}"),
            Column("status", "Status", cell="status"),
            Column("health_score", "Health", cell="health"),
            Column("cycle_price_minor", "Price", cell="money", needs=Permission.VIEW_MONEY),
            Column("renewal_date", "Renewal", cell="day"),
            Column("notes", "Notes", sortable=False, shown=False),
        ),
        filters=(
            Choice("status", "Status", options=ServiceStatus),
            DateRange("renewal_date", "Renewal"),
            NumberRange("cycle_price_minor", "Price", scale=100, needs=Permission.VIEW_MONEY),
        ),
        search=lifecycle.services_matching,  # (text) -> SQL condition on indexed ids
        sort="name",                         # "-name" falls
        bulk=(Bulk("Suspend", "/services/bulk/suspend", "player-pause", Permission.SUSPEND),),
        cells="services/_cells.html",        # optional: {% macro name(row) %} draws that column
        empty=Empty("No service yet", "Start with a client.", "/provisioning/new", "New service"),
    )

    @bp.get("/")
    @requires(Permission.VIEW)
    def board():
        return SERVICES.page("services/list.html", lifecycle.services_listing())

`services_listing()` is `select(ClientService.id, ClientService.name, Client.name.label("client"), …)`; it
always selects `id`, and `currency` beside money. Where the list stands, the template says
`{% include "components/_table.html" %}`. A bulk route asks `SERVICES.chosen(statement)` for the SELECT of the
chosen ids ("all that match" included). Totals: `SERVICES.read(statement).matching` selects all matching ids.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import sqlalchemy as sa
from flask import Response, request
from flask_login import current_user

from portal.domain import views
from portal.domain.staff.permissions import Permission
from portal.domain.views import SavedView
from portal.web import export, htmx
from portal.web.filtering import Args, Choice, DateRange, Day, Filter, Flag, NumberRange, Text
from portal.web.table_view import TableView

__all__ = [
    "Bulk",
    "Choice",
    "Column",
    "DateRange",
    "Day",
    "Empty",
    "Flag",
    "NumberRange",
    "Table",
    "TableView",
    "Text",
]

MOST_CHOSEN = 500


@dataclass(frozen=True)
class Column:
    """cell: one of portal.web.cells.CELLS. link: an address with {names} of the row's columns.

    by: what to sort by when that is not the selected column. fixed: cannot be hidden.
    """

    key: str
    label: str
    cell: str = "text"
    align: Literal["start", "end"] | None = None
    link: str | None = None
    needs: Permission | None = None
    sortable: bool = True
    shown: bool = True
    fixed: bool = False
    by: sa.ColumnElement[Any] | None = None

    @property
    def is_end(self) -> bool:
        return (self.align or ("end" if self.cell in ("money", "number", "percent") else "start")) == "end"

    @property
    def attributes(self) -> str:
        return ' class="is-end"' if self.is_end else ' class="is-key"' if self.fixed else ""

    @property
    def filled_link(self) -> Callable[[sa.RowMapping], str] | None:
        """Fills in the link for a row; one `url_for` a cell would cost more than the query."""
        template = self.link
        return (lambda row: template.format_map(_Quoted(row))) if template else None


def _default_view() -> SavedView | None:
    """What this person wants to see who opens a list by its bare address; not when its table alone is asked for."""
    if (
        request.args
        or not current_user.is_authenticated
        or request.headers.get("HX-Target", "").startswith("table-")
    ):
        return None
    return views.default_of(request.path, current_user.id)


class _Quoted:
    """A row whose values are safe inside an address."""

    def __init__(self, row: sa.RowMapping) -> None:
        self.row = row

    def __getitem__(self, key: str) -> str:
        value = self.row[key]
        return str(value) if isinstance(value, int) else quote(str(value), safe="")


@dataclass(frozen=True)
class Bulk:
    """A move for chosen rows: GET `url` with `ids`, or `all=1` and the filters, asks for confirmation."""

    label: str
    url: str
    icon: str
    needs: Permission


@dataclass(frozen=True)
class Empty:
    """Why the list is empty, and what to do about it."""

    title: str = "Nothing here yet"
    hint: str = ""
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class Table:
    name: str
    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    search: Callable[[str], sa.ColumnElement[bool]] | None = None
    search_hint: str = "Search"
    sort: str = ""
    bulk: Sequence[Bulk] = ()
    cells: str | None = None
    empty: Empty = Empty()
    counted: bool = False
    size: int = 50
    exports: bool = True

    def read(
        self, statement: sa.Select[Any], args: Args | None = None, path: str | None = None
    ) -> "TableView":
        """The list as the address asks for it. No query is sent before the rows are looked at."""
        return TableView(self, statement, request.args if args is None else args, path or request.path)

    def page(self, template: str, statement: sa.Select[Any], **ctx: Any) -> Response:
        """The whole answer of a list's route: the page, its table alone under htmx, or the exported file."""
        default = _default_view()
        if default is not None:
            return htmx.done(then=default.url)
        view = self.read(statement)
        if self.exports and request.args.get("export") in export.FORMATS:
            return export.download(view, request.args["export"])
        answer = htmx.page(template, "components/_table.html", table=view, **ctx)
        if htmx.asked_by_htmx() and request.headers.get("HX-Target") == view.html_id:
            answer.headers["HX-Push-Url"] = view.url()
        return answer

    def chosen(self, statement: sa.Select[Any], args: Args | None = None) -> sa.Select[Any]:
        """The ids that a bulk form is about: the ticked rows of the statement, or all that match."""
        asked = request.values if args is None else args
        view = self.read(statement, asked)
        if asked.get("all") == "1":
            return view.matching
        ids = [
            int(each) for each in asked.getlist("ids")[:MOST_CHOSEN] if each.isdecimal() and len(each) < 19
        ]
        key = view.expression("id")
        return statement.with_only_columns(key).where(key.in_(ids)).order_by(None)
