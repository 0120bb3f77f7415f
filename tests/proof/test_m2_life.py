"""M2 at full size: a hundred lives of thirty steps."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.life import Life

LIVES, STEPS = 100, 30


def test_a_hundred_lives_of_thirty_steps(app, sized, say):
    steps = 0

    class Counted(Life):
        def check_invariants(self, *args):
            nonlocal steps
            steps += 1
            super().check_invariants(*args)

    Counted.app = app
    wanted = settings(max_examples=sized(LIVES), stateful_step_count=STEPS, derandomize=True)
    run_state_machine_as_test(Counted, settings=wanted)
    say(f"{sized(LIVES)} lives, {steps} steps, the books held after each")
