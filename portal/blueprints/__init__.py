"""The pages, one package for each noun."""

from importlib import import_module
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

BLUEPRINTS = (
    "dashboard",
    "search",
    "views",
    "incidents",
    "health",
    "auth",
    "users",
    "notices",
    "clients",
    "ops",
    "imports",
    "billing",
    "prices",
    "runs",
    "receivables",
    "renewals",
    "services",
    "catalogue",
    "provisioning",
    "settings",
    "reports",
    "revenue",
    "exchange",
)


class RowId(IntegerConverter):
    """Numbers that PostgreSQL has no room for name nothing: 404."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"max": 2**63 - 1} | kwargs))


def register(app: Flask) -> None:
    """Each package has a `routes` module with its blueprint `bp`."""
    app.url_map.converters["int"] = RowId
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"portal.blueprints.{name}.routes").bp)
