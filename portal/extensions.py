"""The Flask extensions, made once and bound to each app."""

from flask import Flask
from flask_compress import Compress
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from htmx_flask import Htmx

from portal import clock
from portal.db import db

csrf = CSRFProtect()
htmx = Htmx()
migrate = Migrate(directory="migrations")
compress = Compress()


def init(app: Flask) -> None:
    clock.set_company_zone(app.extensions["settings"].company_timezone)
    db.init_app(app)
    migrate.init_app(app, db)
    csrf.init_app(app)
    htmx.init_app(app)
    compress.init_app(app)
