"""The client-service portal: settings → extensions → listeners → blueprints → errors."""

import os

from flask import Flask

from portal.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Raises BadSettings with every fault of the environment."""
    settings = settings or Settings.from_env(os.environ)
    app = Flask("portal")
    app.extensions["settings"] = settings

    from portal import extensions, models  # noqa: F401  (models: the metadata must be whole)

    app.config.from_mapping(extensions.configuration(settings))
    extensions.init(app)

    from portal import outbox
    from portal.jobs import listeners, ring

    outbox.connect(listeners.REACTIONS)
    ring.connect(app)

    from portal.blueprints import register

    register(app)

    from portal.web import errors, filters, guards, headers, menu, static, theme

    for plumbing in (static, headers, guards, errors, filters, menu, theme):
        plumbing.init(app)
    return app
