"""How gunicorn serves the pages: `gunicorn --config python:portal.web.gunicorn wsgi:app`."""

import gc
import os
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4
preload_app = True
keepalive = 5
timeout = 60
graceful_timeout = 20
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108

# Pages of 25–40 ms at p99 were collections over the code itself, which never becomes garbage (measured).
YOUNG_OBJECTS = 50_000


def when_ready(_server: Any) -> None:
    """The application is loaded and no worker is forked yet: what exists now is shared and never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)
