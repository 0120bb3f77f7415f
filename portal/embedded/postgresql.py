"""The embedded PostgreSQL 18, with the database `portal` that belongs to the role `portal`."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg

from portal.embedded.places import Account, EmbeddedError, account_for, data_folder, programs
from portal.embedded.server import Server

TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "max_wal_size": "1GB",
    "jit": "off",  # compiling costs more than the short statements of a page take
    "timezone": "UTC",
    "log_min_messages": "warning",
}
# A killed server loses nothing by this, since the system keeps what was written; only a power cut does.
FAST = {"fsync": "off", "full_page_writes": "off"}

# Sorted alike on every machine, while upper() and lower() know every script.
INITDB = (
    *("--username=postgres", "--auth=trust", "--encoding=UTF8"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)


class PostgreSQL(Server):
    name = "postgresql"
    program = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends the sessions, then closes the files properly

    def __init__(self, var: Path, *, durable: bool = True) -> None:
        super().__init__(var)
        self.tuning = TUNING if durable else TUNING | FAST
        self.data = data_folder(var) / "18"

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://portal@/portal?host={quote(str(self.sockets))}"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def prepare(self) -> Account | None:
        account = account_for(self.data)
        if account:
            os.chown(self.sockets, account.uid, account.gid)
            os.chown(self.data.parent, account.uid, account.gid)
        if not self.data.exists():
            self._make_cluster(account)
        return account

    def command(self) -> Sequence[str]:
        tuning = [f"--{name}={value}" for name, value in self.tuning.items()]
        postgres = programs(account_for(self.data)) / "postgres"
        return [str(postgres), "-D", str(self.data), "-k", str(self.sockets), *tuning]

    def ping(self) -> None:
        """Answers once our role and our database are there."""
        with psycopg.connect(host=str(self.sockets), user="postgres", autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = 'portal'").fetchone() is None:
                connection.execute("CREATE ROLE portal LOGIN CREATEDB")
                connection.execute("CREATE DATABASE portal OWNER portal")

    def _make_cluster(self, account: Account | None) -> None:
        """Under another name first: one that was interrupted is not taken for a database."""
        fresh = self.data.with_name("unfinished")
        shutil.rmtree(fresh, ignore_errors=True)
        made = subprocess.run(  # noqa: S603
            [str(programs(account) / "initdb"), "-D", str(fresh), *INITDB],
            capture_output=True,
            text=True,
            cwd="/",
            **(account.popen if account else {}),
        )
        if made.returncode:
            raise EmbeddedError(f"PostgreSQL cannot make its folder {fresh}: {made.stderr.strip()}")
        fresh.rename(self.data)
