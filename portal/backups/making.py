"""Writing a backup while people go on working."""

import gzip
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext

from portal import storage
from portal.backups.archive import FILES, FORMAT, Manifest, Part, add, close
from portal.db import db
from portal.domain.errors import Refused

# Rows of one instant, however long it takes to write them down; nobody waits for it.
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
PATIENCE = sa.text("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
SEQUENCES = sa.text(
    "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL"
)


@dataclass(frozen=True)
class Made:
    path: Path
    manifest: Manifest
    size_bytes: int


def make(path: Path, *, at: datetime) -> Made:
    """Write the backup under a temporary name, then give it its own: nobody takes half a file for a backup."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.touch(mode=0o600)
        with tarfile.open(fresh, "w") as archive:
            manifest = _write(archive, at)
        fresh.replace(path)
    except OSError as fault:
        raise Refused(f"{path} cannot be written: {fault.strerror}.") from fault
    finally:
        fresh.unlink(missing_ok=True)
    return Made(path, manifest, path.stat().st_size)


def _write(archive: tarfile.TarFile, at: datetime) -> Manifest:
    with _snapshot() as connection:
        manifest = Manifest(
            format=FORMAT,
            revision=_revision(connection),
            made_at=at.isoformat(),
            tables=tuple(_table(archive, connection, table) for table in db.metadata.sorted_tables),
            sequences={row.sequencename: row.last_value for row in connection.execute(SEQUENCES)},
            # After the rows: a report that they name is there.
            files=tuple(_file(archive, key) for key in storage.reports().keys()),  # noqa: SIM118
        )
    close(archive, manifest)
    return manifest


@contextmanager
def _snapshot() -> Iterator[sa.Connection]:
    with db.engine.connect().execution_options(**SNAPSHOT) as connection:
        connection.execute(PATIENCE)
        yield connection


def _revision(connection: sa.Connection) -> str:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        raise Refused("The database has no schema yet, so there is nothing to back up.")
    return revision


def _table(archive: tarfile.TarFile, connection: sa.Connection, table: sa.Table) -> Part:
    """COPY to a packed file first: a member of an archive says how long it is before it begins."""
    columns = tuple(column.name for column in table.columns if column.computed is None)
    names = ", ".join(f'"{name}"' for name in columns)
    member = f"tables/{table.name}.copy.gz"
    with tempfile.TemporaryFile() as packed:
        with gzip.open(packed, "wb", compresslevel=6) as rows, driver(connection).cursor() as cursor:
            with cursor.copy(f'COPY "{table.name}" ({names}) TO STDOUT') as copy:
                for block in copy:
                    rows.write(block)
            count = cursor.rowcount
        size = packed.tell()
        packed.seek(0)
        sha256 = file_digest(packed, "sha256").hexdigest()
        packed.seek(0)
        add(archive, member, packed, size)
    return Part(table.name, member, sha256, columns, count)


def _file(archive: tarfile.TarFile, key: str) -> Part:
    with storage.reports().open(key) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        sha256 = file_digest(file, "sha256").hexdigest()
        file.seek(0)
        add(archive, FILES + key, file, size)
    return Part(key, FILES + key, sha256)


def driver(connection: sa.Connection) -> Any:
    """psycopg's own connection, for COPY."""
    return cast(Any, connection.connection.driver_connection)
