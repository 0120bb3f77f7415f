"""Putting a backup into an empty portal."""

import gzip
import tarfile
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from flask import current_app

from portal import runs, storage
from portal.backups.archive import BadBackup, Manifest, Part, content, whole
from portal.backups.making import driver
from portal.db import db
from portal.domain.errors import Refused

BLOCK = 1 << 20
PATIENCE = sa.text("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
EMPTY = sa.text("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def restore(path: Path, *, force: bool) -> Manifest:
    """Put every row and every report back. Raises Refused, and BadBackup before anything was touched.

    `force` throws away what this portal holds. Its own workers must not run: they would act on half of it.
    """
    with whole(path) as (archive, manifest):
        _refuse_unknown(manifest.revision)
        _refuse_the_living()
        if not force:
            _refuse_the_full()
        for part in manifest.files:
            storage.reports().put(part.name, content(archive, part.member).read())
        _renew_schema(manifest.revision)
        _load(archive, manifest)
    flask_migrate.upgrade()
    return manifest


def _refuse_unknown(revision: str) -> None:
    config = current_app.extensions["migrate"].migrate.get_config()
    try:
        ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError:
        raise BadBackup("This backup is of a newer version of the portal: install that one first.") from None


def _refuse_the_living() -> None:
    if sa.inspect(db.engine).has_table("worker_heartbeats") and runs.workers():
        raise Refused("Workers of this portal are running. Stop it, wait a minute, and restore then.")
    db.session.remove()


def _refuse_the_full() -> None:
    """Not even a table that this version does not know is thrown away unasked."""
    with db.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        full = [name for name in names if name != "alembic_version" and _has_rows(connection, name)]
    if full:
        raise Refused(
            f"This database is in use: there are rows in {', '.join(full[:3])}"
            f"{' and more' if len(full) > 3 else ''}. Restore into an empty one, or throw it away with --force."
        )
    if next(storage.reports().keys(), None):
        raise Refused("The folder of the reports is in use. Name an empty one, or add to it with --force.")


def _has_rows(connection: sa.Connection, table: str) -> bool:
    return bool(connection.scalar(sa.select(sa.exists().select_from(sa.table(table)))))


def _renew_schema(revision: str) -> None:
    """An empty schema as the backup knew it."""
    with db.engine.begin() as connection:
        connection.execute(PATIENCE)
        connection.execute(EMPTY)
    flask_migrate.upgrade(revision=revision)


def _load(archive: tarfile.TarFile, manifest: Manifest) -> None:
    """All rows in one transaction, parents first. What guards issued invoices stands aside for them."""
    with db.engine.begin() as connection:
        connection.execute(PATIENCE)
        for table in manifest.tables:
            connection.exec_driver_sql(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
            _copy(connection, archive, table)
            connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER')
        for name, value in manifest.sequences.items():
            connection.execute(sa.select(sa.func.setval(name, value)))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _copy(connection: sa.Connection, archive: tarfile.TarFile, table: Part) -> None:
    names = ", ".join(f'"{name}"' for name in table.columns)
    with gzip.open(content(archive, table.member)) as rows, driver(connection).cursor() as cursor:
        with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            while block := rows.read(BLOCK):
                copy.write(block)
        if cursor.rowcount != table.rows:
            raise BadBackup(f"{table.name} has {cursor.rowcount} rows, and {table.rows} in the manifest.")
