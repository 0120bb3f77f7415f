"""M2: no day is billed twice and none is left out, whatever is done to a service. The full size is a proof."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.life import Life


def test_whatever_is_done_to_a_service_the_books_hold(app):
    machine = type("LifeHere", (Life,), {"app": app})
    run_state_machine_as_test(machine, settings=settings(max_examples=10, stateful_step_count=20))
