"""The embedded servers: real ones, each test with its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from portal.embedded import EmbeddedError, Servers, running, serving
from portal.embedded.places import LONGEST_SOCKET, data_folder, socket_folder
from portal.settings import Settings


@pytest.fixture
def var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="portal-embedded-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    for link in (link for link in folder.rglob("*") if link.is_symlink()):
        shutil.rmtree(link.resolve(), ignore_errors=True)
    shutil.rmtree(folder)


def in_sql(servers: Servers, statement: str) -> list[tuple]:
    with psycopg.connect(servers.postgresql.url.replace("+psycopg", "")) as connection:
        found = connection.execute(statement)
        return found.fetchall() if found.description else []


def use_in_another_process(var: Path) -> "subprocess.Popen[str]":
    """A process that uses the servers until it is killed."""
    script = (
        "import sys, time; from pathlib import Path; from portal.embedded import Servers\n"
        "with Servers(Path(sys.argv[1]), durable=False): print('up', flush=True); time.sleep(600)"
    )
    user = subprocess.Popen([sys.executable, "-c", script, str(var)], stdout=subprocess.PIPE, text=True)
    assert user.stdout
    assert user.stdout.readline() == "up\n"
    return user


def test_they_belong_to_whoever_uses_them(var):
    with Servers(var, durable=False) as first:
        first_process = first.postgresql.process
        with Servers(var, durable=False) as second:
            assert second.postgresql.process == first_process
        assert first.postgresql.process
        assert first.valkey.process
    assert first.postgresql.process is None
    assert first.valkey.process is None


def test_a_user_that_was_killed_does_not_count(var):
    killed = use_in_another_process(var)
    with Servers(var, durable=False) as servers:
        killed.kill()
        killed.communicate()
        assert servers.postgresql.process
    assert servers.postgresql.process is None
    assert servers.valkey.process is None


def test_what_all_killed_users_left_is_found_and_stopped(var):
    killed = use_in_another_process(var)
    servers = Servers(var)
    assert not servers.stop_unless_used()
    killed.kill()
    killed.communicate()

    assert servers.postgresql.process
    assert servers.stop_unless_used()
    assert servers.postgresql.process is None
    assert servers.valkey.process is None


def test_killed_servers_come_back_with_what_was_committed(var):
    with Servers(var) as servers:
        in_sql(servers, "CREATE TABLE kept (word text)")
        in_sql(servers, "INSERT INTO kept VALUES ('kept')")
        for server in servers.all:
            server.process.kill()

        assert wait_for(lambda: servers.revive(), ["postgresql", "valkey"])
        assert in_sql(servers, "SELECT word FROM kept") == [("kept",)]
        assert redis.Redis.from_url(servers.valkey.url).ping()


def wait_for(look, expected) -> bool:
    """A killed process is gone a moment later."""
    deadline = time.monotonic() + 5
    seen: list[str] = []
    while seen != expected and time.monotonic() < deadline:
        seen = sorted({*seen, *look()})
        time.sleep(0.02)
    return seen == expected


def test_data_and_jobs_outlast_a_restart(var):
    with Servers(var) as servers:
        in_sql(servers, "CREATE TABLE kept (word text)")
        redis.Redis.from_url(servers.valkey.url).set("word", "kept")
    with Servers(var) as servers:
        assert in_sql(servers, "SELECT word FROM kept") == []
        assert redis.Redis.from_url(servers.valkey.url).get("word") == b"kept"


def test_a_number_left_behind_that_is_another_programs_by_now_is_not_taken_for_a_server(var):
    with Servers(var, durable=False) as servers:
        pass
    servers.postgresql.pid_file.write_text(f"{os.getpid()}\n{servers.postgresql.data}\n")
    servers.valkey.pid_file.write_text(f"{os.getpid()}\n")

    with Servers(var, durable=False) as servers:
        assert in_sql(servers, "SELECT 1") == [(1,)]


def test_several_live_side_by_side(var):
    with Servers(var / "one", durable=False) as one, Servers(var / "two", durable=False) as two:
        in_sql(one, "CREATE TABLE mine ()")
        assert in_sql(two, "SELECT to_regclass('mine')") == [(None,)]


def test_nothing_listens_on_a_port(var):
    with Servers(var, durable=False) as servers:
        assert in_sql(servers, "SHOW listen_addresses") == [("",)]
        assert redis.Redis.from_url(servers.valkey.url).config_get("port") == {"port": "0"}
        assert [c for server in servers.all for c in server.process.net_connections("inet")] == []


def test_the_portals_role_is_no_superuser_and_sorts_alike_everywhere(var):
    with Servers(var, durable=False) as servers:
        assert in_sql(servers, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(False,)]
        assert in_sql(servers, "SELECT datlocale FROM pg_database WHERE datname = 'portal'") == [("C.UTF-8",)]


def test_a_long_folder_has_its_sockets_in_a_short_one(var):
    deep = var / ("long" * 30)
    with Servers(deep, durable=False) as servers:
        assert len(str(servers.valkey.socket)) < LONGEST_SOCKET
        assert in_sql(servers, "SELECT 1") == [(1,)]
    assert socket_folder(deep) == servers.valkey.sockets


def test_a_folder_that_only_its_owner_enters_is_no_hindrance(var):
    home = var / "home"
    home.mkdir(mode=0o700)
    with Servers(home / "var", durable=False) as servers:
        assert in_sql(servers, "SELECT 1") == [(1,)]
    assert data_folder(home / "var") == servers.postgresql.data.parent
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_database_that_was_elsewhere_and_is_gone_is_not_replaced_by_an_empty_one(var):
    (var / "postgresql").symlink_to(var / "gone")

    with pytest.raises(EmbeddedError, match="is gone"):
        Servers(var)


def test_a_server_that_cannot_start_says_why(var):
    with Servers(var, durable=False) as servers:
        pass
    (servers.postgresql.data / "global" / "pg_control").write_bytes(b"")

    with pytest.raises(EmbeddedError, match=r"postgresql does not start(.|\n)*pg_control"), servers:
        pass
    assert servers.valkey.process is None


def test_set_addresses_are_taken_as_they_are(var):
    addresses = {"DATABASE_URL": "postgresql://db/portal", "REDIS_URL": "redis://cache"}
    settings = Settings.from_env({"PORTAL_VAR": str(var / "unused")} | addresses)

    with serving(settings) as served:
        assert served == settings
    assert running(settings) == settings


def test_a_process_that_is_looked_after_finds_the_servers_or_says_how_to_start_them(var):
    settings = Settings.from_env({"PORTAL_VAR": str(var)})
    with serving(settings) as served:
        assert running(settings) == served
    with pytest.raises(EmbeddedError, match="portal up"):
        running(settings)


def test_sigterm_to_a_command_stops_the_servers_that_it_has_started(var):
    command = [sys.executable, "-c", SLEEPER]
    with subprocess.Popen(
        command, env={**os.environ, "PORTAL_VAR": str(var)}, stdout=subprocess.PIPE, text=True
    ) as sleeper:
        assert sleeper.stdout
        assert sleeper.stdout.readline() == "up\n"
        sleeper.send_signal(signal.SIGTERM)
        assert sleeper.wait(20) == 128 + signal.SIGTERM
    assert [server.process for server in Servers(var).all] == [None, None]


SLEEPER = """
import sys, time
import click
from portal import cli

@cli.with_app
def sleep():
    print("up", flush=True)
    time.sleep(600)

cli.Commands.get_command = lambda self, ctx, name: click.Command("sleep", callback=sleep)
sys.argv = ["portal", "sleep"]
cli.main()
"""
