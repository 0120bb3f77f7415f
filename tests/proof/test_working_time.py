"""Working time against a clock that is read minute by minute: 10,000 cases around changes of the clock."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.sla import test_hours as hours

pytestmark = pytest.mark.proof


@settings(max_examples=5_000, deadline=None, derandomize=False)
@given(hours.near_a_change(), st.integers(0, 2 * 1440))
def test_working_time_is_the_minutes_on_which_the_wall_clock_says_open(case, length):
    hours.test_working_time_is_the_minutes_on_which_the_wall_clock_says_open.hypothesis.inner_test(
        case, length
    )


@settings(max_examples=5_000, deadline=None, derandomize=False)
@given(hours.near_a_change(), st.integers(1, 600))
def test_a_target_is_due_after_its_last_working_minute(case, target):
    hours.test_a_target_is_due_after_its_last_working_minute.hypothesis.inner_test(case, target)
