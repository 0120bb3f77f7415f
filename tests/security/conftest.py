"""The given of the walks."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.security.samples import World


@pytest.fixture
def world(session: Session) -> World:
    return World.make()


@pytest.fixture
def without_csrf(app: Flask) -> Iterator[None]:
    """Forms are taken without their token: what is asked is who may send them."""
    app.config["WTF_CSRF_ENABLED"] = False
    yield
    app.config["WTF_CSRF_ENABLED"] = True
