"""Statements and ageing add up after anything that can happen to an account, at length."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from tests.domain.receivables import test_ageing_and_statements as accounts

pytestmark = [pytest.mark.proof, pytest.mark.usefixtures("session")]


@given(
    story=st.lists(accounts.steps, min_size=1, max_size=30),
    cuts=st.lists(st.integers(0, 700), min_size=1, max_size=8),
)
@tries(
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_statements_join_and_close_at_what_is_open(clock: Any, story: Any, cuts: list[int]) -> None:
    accounts.hold_for(clock, story, cuts)
