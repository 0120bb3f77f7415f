"""A worker or scheduler process whose listeners are those of tests/jobs/reactions.py, with short leases and waits."""

import os
import sys
from dataclasses import replace

from portal import create_app, outbox
from portal.jobs import process
from portal.jobs.queues import QUEUES
from portal.settings import Settings
from tests.jobs import reactions

if __name__ == "__main__":
    app = create_app(Settings.from_env(os.environ))
    outbox.connect(reactions.REACTIONS)
    process.TEND_EVERY_S = process.SCHEDULER_EVERY_S = 1
    QUEUES.update({name: replace(spec, lease_s=1) for name, spec in QUEUES.items()})
    with app.app_context():
        if sys.argv[1] == "scheduler":
            process.schedule()
        else:
            process.work(QUEUES[sys.argv[1]])
