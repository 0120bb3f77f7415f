"""The front-end packages come from WhiteNoise, compressed at set-up and before any of our code runs.

Our own few files stay with Flask: they change while one works on them.
"""

from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

ONE_YEAR_S = 365 * 24 * 3600


def init(app: Flask) -> None:
    """`asset()` puts the version into each address, so browsers may keep the files for ever."""
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=Path(str(app.static_folder)) / "vendor",
        prefix=f"{app.static_url_path}/vendor/",
        max_age=ONE_YEAR_S,
        allow_all_origins=False,
    )
