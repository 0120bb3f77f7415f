"""`make bench`: how fast pages, drains and billing are, each beside its yardstick of the same run.

Everything happens in a folder of its own, with servers of its own, and is gone afterwards.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator

from portal.db import transaction
from portal.domain.staff import Role, User
from tests import plant, volume
from tests.bench import billing, ledger, pages
from tests.bench.verdicts import Verdict, show
from tests.factories import make_user
from tests.plant import Plant

STAFF = 12


def main() -> int:
    asked = argparse.ArgumentParser(prog="make bench")
    asked.add_argument("--services", type=int, default=100_000)
    asked.add_argument("--clients", type=int, default=20_000)
    asked.add_argument("--deliveries", type=int, default=20_000)
    asked.add_argument("--rounds", type=int, default=200, help="how often each page is asked for")
    asked.add_argument("--only", choices=["pages", "ledger", "billing"])
    asked.add_argument("--schedules", type=int, default=100_000, help="how many are due in the billing run")
    args = asked.parse_args()
    with plant.standing(queues=(), factory="tests.bench.app:create()", durable=True) as portal:
        begun = time.monotonic()
        manager = make_book(args.clients, args.services)
        print(f"{args.services:,} services of {args.clients:,} clients in {time.monotonic() - begun:.1f} s")
        print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: on a busy machine only the ratios mean something"
        )
        return 0 if show(measured(portal, manager, args)) else 1


def make_book(clients: int, services: int) -> User:
    technicians = [make_user(name=f"Tom {number}", role=Role.TECHNICIAN).id for number in range(STAFF)]
    manager = make_user(name="Ana Reyes", role=Role.ACCOUNT_MANAGER)
    with transaction():
        volume.make_clients(clients, managers=[manager.id])
        volume.make_services(services, technicians=technicians)
        volume.make_schedules(due_on=billing.DUE_ON)
    volume.analyse()
    return manager


def measured(portal: Plant, manager: User, args: argparse.Namespace) -> Iterator[Verdict]:
    asked = {args.only} if args.only else {"pages", "ledger", "billing"}
    if asked & {"pages", "billing"}:
        portal.start(plant.WEB)
    if "pages" in asked:
        yield from pages.measure(portal, portal.sign_in(manager), args.rounds)
    if "ledger" in asked:
        yield ledger.drained(args.deliveries)
    if "billing" in asked:
        yield from billing.measure(portal, portal.sign_in(manager), args.schedules)


if __name__ == "__main__":
    sys.exit(main())
