"""Run all tests in two halves at once, for machines with two cores.

    python scripts/halves.py

The half with browsers and processes of its own goes first in everything; the other one is content with what is
left, so that the bounds of time in the first hold. Each starts its own servers. What the second has said is shown
when both are through.
"""

import os
import subprocess
import sys
import tempfile

FIRST = ("tests/browser", "tests/jobs", "tests/journeys")
PYTEST = (sys.executable, "-m", "pytest")
MODEST = 10


def main() -> int:
    others = [f"--ignore={folder}" for folder in FIRST]
    with tempfile.TemporaryFile() as said:
        second = subprocess.Popen(
            [*PYTEST, "tests", *others],
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.nice(MODEST),
        )
        try:
            first = subprocess.call([*PYTEST, *FIRST])
            results = first, second.wait()
        except KeyboardInterrupt:
            second.terminate()
            second.wait()
            return 130
        said.seek(0)
        sys.stdout.buffer.write(said.read())
    return int(any(results))


if __name__ == "__main__":
    sys.exit(main())
