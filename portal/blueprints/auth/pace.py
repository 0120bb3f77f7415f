"""Answers that take the same time whatever they found."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Params = ParamSpec("Params")
Answer = TypeVar("Answer")

# Above what making a link takes (20 ms), so that the time tells nobody whether there is an account.
LEAST_S = 0.3


def steady(view: Callable[Params, Answer]) -> Callable[Params, Answer]:
    """Answer no sooner than after LEAST_S; the guesses that may wait here are counted and few."""

    @wraps(view)
    def paced(*args: Params.args, **kwargs: Params.kwargs) -> Answer:
        started = time.monotonic()
        answer = view(*args, **kwargs)
        time.sleep(max(0.0, LEAST_S - (time.monotonic() - started)))
        return answer

    return paced
