"""What was to be done, and who was told."""

from portal.domain.audits.audit import Audit

WORK = (
    Audit(
        "every_delivery_has_one_result",
        "Pending, done and parked deliveries are all that were created.",
        """
        SELECT count(*) AS created, count(*) FILTER (WHERE done_at IS NULL AND parked_at IS NULL) AS pending,
               count(done_at) AS done, count(parked_at) AS parked
        FROM deliveries
        HAVING count(*) <> count(*) FILTER (WHERE done_at IS NULL AND parked_at IS NULL)
                           + count(done_at) + count(parked_at)
        """,
    ),
    Audit(
        "nobody_is_told_twice",
        "A person is told once of an event, by each channel.",
        """
        SELECT event_id AS event, user_id AS person, channel, count(*) AS notices FROM notices
        GROUP BY 1, 2, 3 HAVING count(*) > 1
        """,
    ),
)  # fmt: skip
