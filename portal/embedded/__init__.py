"""A real PostgreSQL and a real Valkey of our own, for a machine that has neither.

Both come out of wheels, keep everything in one folder (`var/` unless set otherwise) and listen on unix
sockets only. The first who needs them starts them and the last one stops them; a user that was killed does
not count. Several folders have several servers, side by side.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from portal.embedded.places import EmbeddedError
from portal.embedded.postgresql import PostgreSQL
from portal.embedded.server import Server
from portal.embedded.valkey import Valkey
from portal.settings import Settings

__all__ = ["EmbeddedError", "PostgreSQL", "Servers", "Valkey", "running", "serving"]


class Servers:
    """Runs while the block runs, and longer if somebody else needs it.

    Each user holds a shared lock on `var/users.lock`, which the system takes away from a process that dies;
    who gets it alone is the last one. `var/door.lock` lets one at a time come or go.
    """

    def __init__(self, var: Path, *, durable: bool = True) -> None:
        self.var = var.absolute()
        self.var.mkdir(parents=True, exist_ok=True)
        self.postgresql = PostgreSQL(self.var, durable=durable)
        self.valkey = Valkey(self.var)
        self._users: IO[bytes] | None = None

    @property
    def all(self) -> tuple[Server, Server]:
        return self.postgresql, self.valkey

    def __enter__(self) -> Self:
        with self._door():
            self._users = (self.var / "users.lock").open("ab")
            flock(self._users, LOCK_SH)
        try:
            self.revive()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def revive(self) -> list[str]:
        """Start what does not run; the names of those."""
        with self._door():
            missing = [server for server in self.all if server.process is None]
            for server in missing:
                server.start()
        return [server.name for server in missing]

    def fill(self, settings: Settings) -> Settings:
        return replace(
            settings,
            database_url=settings.database_url or self.postgresql.url,
            redis_url=settings.redis_url or self.valkey.url,
        )

    @contextmanager
    def _door(self) -> Iterator[None]:
        with (self.var / "door.lock").open("ab") as door:
            flock(door, LOCK_EX)
            yield

    def stop_unless_used(self) -> bool:
        """For servers whose users were all killed; False when somebody uses them."""
        with self._door():
            return self._stop_unless_used()

    def _leave(self) -> None:
        with self._door():
            if self._users:
                self._users.close()
            self._stop_unless_used()

    def _stop_unless_used(self) -> bool:
        with (self.var / "users.lock").open("ab") as users:
            try:
                flock(users, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                return False
            for server in reversed(self.all):
                server.stop()
        return True


@contextmanager
def serving(settings: Settings) -> Iterator[Settings]:
    """The settings with both addresses, and with the embedded servers up for as long as the block takes."""
    if not settings.embedded:
        yield settings
        return
    with Servers(settings.var) as servers:
        yield servers.fill(settings)


def running(settings: Settings) -> Settings:
    """The settings with both addresses, for a process that `portal up` looks after."""
    if not settings.embedded:
        return settings
    servers = Servers(settings.var)
    if any(server.process is None for server in servers.all):
        raise EmbeddedError(
            "The embedded servers do not run: start them with `portal up`, or set DATABASE_URL and REDIS_URL."
        )
    return servers.fill(settings)
