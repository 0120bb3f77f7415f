"""One file that holds the portal: every row of the database, as of one instant, and the files of the reports.

It needs none of PostgreSQL's own programs and ties nobody to a version of it: a tar archive of COPY texts, one
for each table, and a manifest with the columns, rows and checksums. SECRET_KEY is not in it, on purpose: whoever
finds a backup can then read neither second steps nor links, and whoever restores one needs both.
"""

from portal.backups.archive import BadBackup, Manifest
from portal.backups.making import Made, make
from portal.backups.restoring import restore
from portal.backups.watch import age, is_overdue, note, warn_when_overdue

__all__ = [
    "BadBackup",
    "Made",
    "Manifest",
    "age",
    "is_overdue",
    "make",
    "note",
    "restore",
    "warn_when_overdue",
]
