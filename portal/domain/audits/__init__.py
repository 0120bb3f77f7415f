"""The list of what must hold: a name, the rule in words, and the SELECT of what breaks it."""

from portal.domain.audits.audit import Audit
from portal.domain.audits.documents import DOCUMENTS
from portal.domain.audits.figures import FIGURES
from portal.domain.audits.money import MONEY
from portal.domain.audits.time import TIME
from portal.domain.audits.work import WORK

AUDITS: tuple[Audit, ...] = (*TIME, *DOCUMENTS, *MONEY, *FIGURES, *WORK)

__all__ = ["AUDITS", "Audit"]
