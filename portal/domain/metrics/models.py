"""The ledger of MRR: every change, written in the transaction that causes it (rule book 9)."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Currency, Id, Minor, enum_type
from portal.domain.words import Movement


class MrrMovement(Base):
    """Opening MRR + the amounts of a month = closing MRR."""

    __tablename__ = "mrr_movements"
    __table_args__ = (
        sa.Index("ix_mrr_movements_date", "on_date"),
        sa.Index("ix_mrr_movements_client", "client_id", "on_date"),
    )

    id: Mapped[Id]
    on_date: Mapped[date]
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"))
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"), index=True)
    kind: Mapped[Movement] = mapped_column(enum_type(Movement, "kind"))
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
