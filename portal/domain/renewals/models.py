"""Terms that were renewed. The unique key makes a second renewal of one term impossible."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Currency, Id, Instant, Minor


class Renewal(Base):
    """The term [term_start, term_end) that a renewal opened, and the cycle price agreed for it."""

    __tablename__ = "renewals"
    __label__ = "renewal"
    __table_args__ = (sa.UniqueConstraint("client_service_id", "term_start"),)

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"))
    term_start: Mapped[date]
    term_end: Mapped[date]
    months: Mapped[int]
    cycle_price_minor: Mapped[Minor]
    currency: Mapped[Currency]
    renewed_at: Mapped[Instant]
    renewed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
