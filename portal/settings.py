"""The settings of one installation: read from the environment once, checked all together.

Each variable is named once, in `Settings.from_env`. A secret may stand in a file instead: `SECRET_KEY_FILE`
for `SECRET_KEY`, and so on. A portal with a bad setting does not start, and says everything that is wrong.
"""

import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from werkzeug.sansio.utils import host_is_trusted

from portal import setting_values as values

Value = TypeVar("Value")


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"
    TEST = "test"


class BadSettings(Exception):
    """The portal refuses to start; the text names every fault."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  {fault}" for fault in self.faults))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """An empty `database_url` or `redis_url` stands for the embedded server under `var`."""

    env: Environment
    var: Path
    port: int
    base_url: str
    trusted_hosts: tuple[str, ...]
    trusted_proxies: int
    mail_from: str
    company_name: str
    company_currency: str
    company_timezone: str
    company_locale: str
    reports: Path
    test_clock: bool
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    smtp_url: str = field(repr=False)
    secret_key: str = field(repr=False)

    @property
    def production(self) -> bool:
        return self.env is Environment.PRODUCTION

    @property
    def embedded(self) -> bool:
        return not (self.database_url and self.redis_url)

    @property
    def testing(self) -> bool:
        return self.env is Environment.TEST

    @property
    def mail_folder(self) -> Path:
        """Where mail is written when no SMTP server is set."""
        return self.var / "mail"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read and check everything; raises BadSettings with all faults."""
        read = _Reader(environ)
        var = read("PORTAL_VAR", values.folder, "var")
        port = read("PORT", values.port, "8000")
        base_url = read("BASE_URL", values.web_address, f"http://127.0.0.1:{port}", must=True)
        settings = cls(
            env=read.env,
            var=var,
            port=port,
            base_url=base_url,
            trusted_hosts=read("TRUSTED_HOSTS", values.hosts, "127.0.0.1,localhost", must=True),
            trusted_proxies=read("TRUSTED_PROXIES", values.proxies, "0"),
            database_url=read("DATABASE_URL", values.database, "", secret=True, must=True),
            redis_url=read("REDIS_URL", values.redis, "", secret=True, must=True),
            smtp_url=read("SMTP_URL", values.smtp, "", secret=True),
            mail_from=read("MAIL_FROM", values.sender, "Portal <portal@localhost>"),
            company_name=read("COMPANY_NAME", str, "Our company"),
            company_currency=read("COMPANY_CURRENCY", values.currency, "USD"),
            company_timezone=read("COMPANY_TIMEZONE", values.timezone, "UTC"),
            company_locale=read("COMPANY_LOCALE", values.locale, "en_US"),
            reports=read("REPORTS_URL", values.folder, str(var / "reports")),
            test_clock=read("PORTAL_TEST_CLOCK", values.yes_or_no, "0"),
            secret_key=read("SECRET_KEY", values.secret, "", secret=True, must=True),
        )
        if settings.production and settings.test_clock:
            read.faults.append("PORTAL_TEST_CLOCK: the clock cannot be moved in production; take it away.")
        if not read.faults and not host_is_trusted(urlsplit(base_url).hostname, settings.trusted_hosts):
            read.faults.append("TRUSTED_HOSTS: the host of BASE_URL is missing; its pages would be refused.")
        if read.faults:
            raise BadSettings(read.faults)
        return settings if settings.secret_key else replace(settings, secret_key=_kept_secret(var))


class _Reader:
    """Reads one variable after the other and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []
        self.env = Environment.DEVELOPMENT
        self.env = self("PORTAL_ENV", Environment, "development", hint=", ".join(Environment))

    def __call__(
        self,
        name: str,
        parse: Callable[[str], Value],
        default: str,
        *,
        secret: bool = False,
        must: bool = False,
        hint: str = "",
    ) -> Value:
        """The parsed value, or the default after a fault. `must`: production has to set it."""
        text = self._text(name, secret)
        if not text and must and self.env is Environment.PRODUCTION:
            self.faults.append(f"{name}: production needs a value.")
        if not text:
            return parse(default)
        try:
            return parse(text)
        except ValueError as fault:
            shown = "" if secret else f" It is “{text}”."
            self.faults.append(f"{name}: {f'one of {hint}.' if hint else fault}{shown}")
            return parse(default)

    def _text(self, name: str, secret: bool) -> str:
        text = self.environ.get(name, "").strip()
        path = self.environ.get(f"{name}_FILE", "").strip() if secret else ""
        if not path:
            return text
        if text:
            self.faults.append(f"{name}: set either {name} or {name}_FILE, not both.")
        try:
            return Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as fault:
            self.faults.append(f"{name}_FILE: {path} cannot be read ({fault}).")
            return text


def _kept_secret(var: Path) -> str:
    """The key of this folder, made on first use: people stay signed in over a restart."""
    path = var / "secret_key"
    if not path.exists():
        var.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"secret_key.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        # The link fails when another process was first: then its key is the one.
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        fresh.unlink()
    return path.read_text().strip()
