"""The same work in several processes at the same time."""

import multiprocessing
import os
import traceback
from collections.abc import Callable

from portal.db import db


def at_once(work: Callable[[int], object], processes: int) -> None:
    """Call work(0), work(1), … in processes of their own, which all begin at the same moment. Fails when one fails."""
    db.session.remove()
    start = multiprocessing.get_context("fork").Barrier(processes)
    pids = [_forked(work, number, start) for number in range(processes)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    assert codes == [0] * processes


def killed(work: Callable[[], object]) -> int:
    """Do it in a process of its own, which `work` is to end by os._exit in the middle; with what code it ended."""
    db.session.remove()
    start = multiprocessing.get_context("fork").Barrier(1)
    return os.waitstatus_to_exitcode(os.waitpid(_forked(lambda number: work(), 0, start), 0)[1])


def _forked(work: Callable[[int], object], number: int, start: "multiprocessing.synchronize.Barrier") -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        db.engine.dispose(close=False)
        start.wait(60)
        work(number)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
