"""Ten guesses in fifteen minutes, for each account and address (S8)."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.domain.staff.rules import ATTEMPT_WINDOW, TooManyAttempts, attempts_left

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def minutes_ago(*minutes):
    return [NOON - timedelta(minutes=each) for each in minutes]


@pytest.mark.parametrize(("made", "left"), [(0, 10), (1, 9), (9, 1)])
def test_ten_guesses_are_free(made, left):
    assert attempts_left(minutes_ago(*range(made)), NOON) == left


def test_the_eleventh_guess_waits_until_the_first_of_the_ten_is_old_enough():
    with pytest.raises(TooManyAttempts) as refusal:
        attempts_left(minutes_ago(*range(10)), NOON)

    assert refusal.value.retry_after_s == 6 * 60 + 1
    assert "7 minutes" in refusal.value.message


def test_guesses_older_than_the_window_do_not_count():
    old = [NOON - ATTEMPT_WINDOW] * 50

    assert attempts_left(old, NOON) == 10
