"""The Flask extensions, made once and bound to each app."""

from pathlib import Path

from flask import Flask
from flask_compress import Compress
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from htmx_flask import Htmx

from portal import clock, movable_clock
from portal.db import db
from portal.domain import vault
from portal.domain.company.identity import Identity, configure
from portal.settings import Settings

HERE = Path(__file__).parent
# An installed wheel has the migrations inside the package, a clone beside it.
MIGRATIONS = next(each for each in (HERE / "migrations", HERE.parent / "migrations") if each.is_dir())

csrf = CSRFProtect()
htmx = Htmx()
migrate = Migrate(directory=str(MIGRATIONS))
compress = Compress()


TIMEOUTS_MS = {
    "statement_timeout": 15_000,
    "lock_timeout": 5_000,
    "idle_in_transaction_session_timeout": 30_000,
}


def configuration(settings: Settings) -> dict[str, object]:
    """Flask's own configuration. No statement of a page may hold a row or a connection for long."""
    limits = " ".join(f"-c {name}={milliseconds}" for name, milliseconds in TIMEOUTS_MS.items())
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            "pool_size": 10,
            "max_overflow": 10,
            "connect_args": {"options": limits, "connect_timeout": 5},
        },
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "SESSION_COOKIE_SECURE": settings.production,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "MAX_CONTENT_LENGTH": 32 * 1024 * 1024,
        "WTF_CSRF_TIME_LIMIT": 12 * 3600,
        "TESTING": settings.testing,
    }


def init(app: Flask) -> None:
    settings: Settings = app.extensions["settings"]
    clock.set_company_zone(settings.company_timezone)
    configure(
        Identity(
            name=settings.company_name, currency=settings.company_currency, locale=settings.company_locale
        )
    )
    if settings.test_clock:
        clock.use(movable_clock.now)
    vault.configure(app.extensions["settings"].secret_key)
    db.init_app(app)
    migrate.init_app(app, db)
    csrf.init_app(app)
    htmx.init_app(app)
    compress.init_app(app)
