"""The portal, and beside it the yardstick that its list of services is measured by.

A bare page: the same 50 rows by their ids through the ORM into a minimal table, without layout, signing in, search or
sort. Every answer tells how many statements it took.
"""

from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, g, render_template_string, request
from sqlalchemy.orm import joinedload

from portal import create_app
from portal.db import db
from portal.domain.lifecycle import ClientService
from portal.web.guards import public

TABLE = """<table>{% for service in services %}<tr><td>{{ service.name }}</td><td>{{ service.client.name }}</td>
<td>{{ service.status }}</td><td>{{ service.health_score }}</td><td>{{ service.monthly_cost_minor / 100 }}</td>
<td>{{ service.renewal_date }}</td><td>{{ service.technician.name }}</td><td>{{ service.tags|join(" ") }}</td></tr>
{% endfor %}</table>"""


def create() -> Flask:
    app = create_app()
    app.add_url_rule("/bare", view_func=public(bare))
    app.before_request(begin_to_count)
    app.after_request(tell_the_count)
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", count)
    return app


def bare() -> str:
    """The rows whose ids the address names, in that order."""
    ids = [int(each) for each in request.args["ids"].split(",")]
    services = sa.select(ClientService).where(ClientService.id.in_(ids))
    found = db.session.scalars(
        services.options(joinedload(ClientService.client), joinedload(ClientService.technician))
    )
    return render_template_string(TABLE, services=sorted(found, key=lambda service: ids.index(service.id)))


def begin_to_count() -> None:
    g.statements = 0


def count(*_: Any) -> None:
    if request:
        g.statements = g.get("statements", 0) + 1


def tell_the_count(answer: Response) -> Response:
    answer.headers["X-Statements"] = str(g.get("statements", 0))
    return answer
