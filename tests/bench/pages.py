"""The list of services beside a bare page, asked for in turn, served by the same processes."""

import http.client
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from statistics import median, quantiles

from tests.bench.verdicts import Verdict
from tests.plant import Plant, Visitor

RATIO = 3.0
STATEMENTS = 12
DEEP_PAGES = 40
VIEWS = (
    ("as it opens", "/services", True),
    ("suspended", "/services?status=suspended", False),
    ("of a client", "/services?client=K77", False),
    ("“backup”", "/services?q=backup", False),
    ("“backup berlin”", "/services?q=backup+berlin", False),
    ("“k777”", "/services?q=k777", False),
    ("by monthly cost", "/services?sort=-monthly_cost_minor", True),
    ("active, “jena”, by cost", "/services?status=active&q=jena&sort=-monthly_cost_minor", False),
)


@dataclass
class Timings:
    """Milliseconds of each answer of one address."""

    took_ms: list[float] = field(default_factory=list)
    statements: int = 0

    @property
    def p50(self) -> float:
        return median(self.took_ms)

    @property
    def p95(self) -> float:
        return quantiles(self.took_ms, n=20)[-1]

    def __str__(self) -> str:
        return f"{self.p50:5.1f} / {self.p95:5.1f} ms"


def measure(plant: Plant, visitor: Visitor, rounds: int) -> Iterator[Verdict]:
    """Each view, its page forty pages on, and the bare page: one after the other, round by round."""
    connection = Connection(plant, visitor)
    for name, path, goes_deep in VIEWS:
        deep = deep_page(connection, path) if goes_deep else None
        bare = bare_page(connection, path)
        found = interleaved(connection, [bare, path, *([deep] if deep else [])], rounds)
        yield from judged(name, found[bare], found[path])
        if deep:
            yield like_the_first(name, found[path], found[deep])


def judged(name: str, bare: Timings, whole: Timings) -> Iterator[Verdict]:
    for label, ours, theirs in (("p50", whole.p50, bare.p50), ("p95", whole.p95, bare.p95)):
        ratio = ours / theirs
        words = f"{ours:.1f} ms : {theirs:.1f} ms bare = {ratio:.2f}"
        yield Verdict(f"services, {name}: {label}", words, f"≤ {RATIO} ×", ratio <= RATIO)
    yield Verdict(
        f"services, {name}: statements",
        str(whole.statements),
        f"≤ {STATEMENTS}",
        whole.statements <= STATEMENTS,
    )


def like_the_first(name: str, first: Timings, deep: Timings) -> Verdict:
    ratio = deep.p50 / first.p50
    words = f"{deep.p50:.1f} ms : {first.p50:.1f} ms first = {ratio:.2f}"
    return Verdict(f"services, {name}: page {DEEP_PAGES + 1}", words, "≤ 1.25 ×", ratio <= 1.25)


def interleaved(connection: "Connection", paths: list[str], rounds: int) -> dict[str, Timings]:
    """One of each in turn, so that whatever else the machine does meets all of them alike."""
    found = {path: Timings() for path in paths}
    for number in range(rounds + 10):
        for path in paths:
            took_ms, statements, _ = connection.get(path)
            if number >= 10:  # the first rounds fill caches
                found[path].took_ms.append(took_ms)
            found[path].statements = max(statements, found[path].statements)
    return found


def bare_page(connection: "Connection", path: str) -> str:
    """The address of the yardstick for the rows that a list shows."""
    ids = re.findall(r'<tr id="services-(\d+)"', connection.get(path)[2])
    assert ids, f"nothing is found at {path}"
    return f"/bare?ids={','.join(ids)}"


def deep_page(connection: "Connection", path: str) -> str:
    """The address of a page far down, reached as a person does: by “next”."""
    for _ in range(DEEP_PAGES):
        links = re.findall(r'href="(/services\?[^"]*page=[^"]*)"', connection.get(path)[2])
        path = unescape(links[-1])
    return path


class Connection:
    """One connection that is kept, as a browser's: opening one would be measured with each answer."""

    def __init__(self, plant: Plant, visitor: Visitor) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", plant.settings.port, timeout=60)
        self.cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())

    def get(self, path: str) -> tuple[float, int, str]:
        """(milliseconds, statements sent to the database, body)"""
        begun = time.perf_counter()
        self.http.request("GET", path, headers={"Cookie": self.cookies})
        answer = self.http.getresponse()
        body = answer.read()
        took_ms = (time.perf_counter() - begun) * 1000
        assert answer.status == http.client.OK, f"{answer.status} at {path}"
        return took_ms, int(answer.headers["X-Statements"]), body.decode()
