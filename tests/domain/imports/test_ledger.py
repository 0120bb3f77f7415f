"""The movements of MRR of a history: new, expansion, contraction, churn, reactivation, paused."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.imports.ledger import Life, movements
from portal.domain.money import Money
from portal.domain.words import Movement

DAYS = st.dates(date(2024, 1, 1), date(2026, 11, 20))


def life(
    number: int, began: date, ended: date | None = None, *, cost: int = 100, paused: date | None = None
) -> Life:
    return Life(1, number, Money(cost, "USD"), began, paused, ended)


def kinds(*lives: Life) -> list[Movement]:
    return [entry.kind for entry in movements(lives)]


def test_the_first_service_is_new_and_the_next_expand():
    assert kinds(life(2, date(2026, 2, 1)), life(1, date(2026, 1, 1))) == [Movement.NEW, Movement.EXPANSION]


def test_one_of_several_that_ends_is_contraction_and_the_last_one_churn():
    lives = life(1, date(2026, 1, 1), date(2026, 3, 1)), life(2, date(2026, 1, 1), date(2026, 4, 1))
    assert kinds(*lives)[2:] == [Movement.CONTRACTION, Movement.CHURN]


def test_a_client_that_comes_back_is_reactivated():
    lives = life(1, date(2026, 1, 1), date(2026, 3, 1)), life(2, date(2026, 4, 1))
    assert kinds(*lives) == [Movement.NEW, Movement.CHURN, Movement.REACTIVATION]


def test_one_service_for_another_on_one_day_is_no_churn():
    lives = life(1, date(2026, 1, 1), date(2026, 3, 1)), life(2, date(2026, 3, 1))
    assert kinds(*lives) == [Movement.NEW, Movement.EXPANSION, Movement.EXPANSION]


def test_a_pause_is_no_loss():
    lives = life(1, date(2026, 1, 1), paused=date(2026, 11, 20)), life(2, date(2026, 2, 1))
    assert kinds(*lives) == [Movement.NEW, Movement.EXPANSION, Movement.PAUSED]


@given(st.lists(st.tuples(DAYS, st.integers(0, 900), st.integers(1, 10_000)), min_size=1, max_size=8))
def test_the_ledger_adds_up_to_what_still_runs(histories):
    lives = [
        life(number, began, began + timedelta(days=days) if days % 2 else None, cost=cost)
        for number, (began, days, cost) in enumerate(histories)
    ]
    running = sum(each.monthly.minor for each in lives if each.ended_on is None)
    assert sum(entry.amount_minor for entry in movements(lives)) == running
