"""The promises at full size. PROOF_SCALE=0.02 tries a proof out in a small way; it proves nothing then."""

import os
from collections.abc import Callable

import pytest
from flask import Flask

from portal.jobs import ring

SCALE = float(os.environ.get("PROOF_SCALE") or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/proof/" in item.nodeid:
            item.add_marker(pytest.mark.proof)


@pytest.fixture
def sized() -> Callable[[int], int]:
    """How many, at the scale of this run."""
    return lambda count: max(int(count * SCALE), 1)


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print a measured number, with the promise that it belongs to."""
    return lambda words: print(f"\n{request.node.name}: {words}", flush=True)


@pytest.fixture
def quiet_bell(app: Flask) -> None:
    """Redis as a stranger finds it: empty, and not in disgrace."""
    ring._quiet_until = 0.0
    with app.app_context():
        ring.client().flushall()
