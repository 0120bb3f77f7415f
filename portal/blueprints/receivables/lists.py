"""The lists of this part, declared."""

from collections.abc import Sequence

from portal.domain.clients import overview
from portal.domain.clients.models import Client
from portal.domain.receivables.books import CREDIT
from portal.domain.receivables.rules import BANDS
from portal.web.tables import Choice, Column, Day, Empty, Table, Text

MANAGER = Choice(
    "account_manager",
    "Account manager",
    options=overview.managers,
    where=lambda chosen: Client.account_manager_id.in_([int(each) for each in chosen]),
)
CURRENCY = Choice("currency", "Currency", options=overview.currencies)
AS_OF = Day("as_of", "As of")


def bands() -> Sequence[tuple[str, str]]:
    return [*((band.key, band.label) for band in BANDS), (CREDIT, "Credit not used")]


AGEING = Table(
    "ageing",
    columns=(
        Column("client", "Client", link="/clients/{client_code}", fixed=True),
        Column("account_manager", "Account manager", shown=False),
        Column("currency", "Currency"),
        *(Column(band.key, band.label, cell="money") for band in BANDS),
        Column("overdue", "Overdue", cell="money", shown=False),
        Column(CREDIT, "Credit not used", cell="money"),
        Column("balance", "Balance", cell="money"),
        Column("oldest_days", "Oldest, days late", cell="number", shown=False),
    ),
    filters=(AS_OF, MANAGER, CURRENCY),
    search=lambda text: (
        Client.name.icontains(text, autoescape=True) | Client.code.icontains(text, autoescape=True)
    ),
    search_hint="Client",
    sort="-balance",
    cells="receivables/_ageing_cells.html",
    empty=Empty("Nothing is open", "Every issued invoice is paid, and no credit waits to be used."),
)

ITEMS = Table(
    "open_items",
    columns=(
        Column("number", "Document", fixed=True),
        Column("client", "Client", link="/clients/{client_code}"),
        Column("account_manager", "Account manager", shown=False),
        Column("band", "Age"),
        Column("on", "Dated", cell="date"),
        Column("due_on", "Due", cell="date"),
        Column("days_late", "Days late", cell="number"),
        Column("total_minor", "Total", cell="money"),
        Column("open_minor", "Open", cell="money"),
    ),
    filters=(
        AS_OF,
        Choice("band", "Age", options=bands),
        MANAGER,
        CURRENCY,
        Text("client", "Client code", where=lambda code: Client.code == code),
    ),
    search=AGEING.search,
    search_hint="Client",
    sort="-days_late",
    cells="receivables/_item_cells.html",
    empty=Empty("Nothing is open", "Every issued invoice is paid, and no credit waits to be used."),
)

PROPOSALS = Table(
    "proposals",
    columns=(
        Column("client", "Client", link="/clients/{client_code}", fixed=True),
        Column("account_manager", "Account manager"),
        Column("overdue_minor", "Overdue", cell="money"),
        Column("oldest_days", "Days late", cell="number"),
        Column("services", "Active services", cell="number"),
        Column("service_ids", "Decide", sortable=False, align="end"),
    ),
    filters=(MANAGER, CURRENCY),
    search=AGEING.search,
    search_hint="Client",
    sort="-oldest_days",
    cells="receivables/_proposal_cells.html",
    exports=False,
    empty=Empty("Nobody to decide on", "No client is past the limits of the finance settings."),
)

EXPORTS = Table(
    "exports",
    columns=(
        Column("number", "Batch", fixed=True),
        Column("starts_on", "From", cell="date"),
        Column("last_day", "To", cell="date"),
        Column("documents", "Entries", cell="number"),
        Column("lines", "Lines", cell="number"),
        Column("totals", "Debit = credit", sortable=False, align="end"),
        Column("made_at", "Made", cell="when"),
        Column("made_by", "By"),
        Column("sha256", "Checksum", shown=False),
    ),
    sort="-number",
    cells="receivables/_export_cells.html",
    exports=False,
    empty=Empty(
        "No export yet", "An export writes what was booked in a period as journal lines, each entry once."
    ),
)
