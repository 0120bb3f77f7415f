"""Runs the migrations on the app's own database connection."""

from alembic import context
from flask import current_app

from portal.db import db

SEARCH_INDEX_OPTIONS = {"compare_type": True, "compare_server_default": False}


def run() -> None:
    with db.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=db.metadata, **SEARCH_INDEX_OPTIONS)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database; there is no offline mode.")
with current_app.app_context():
    run()
