"""The lists behind the figures: MRR by what it is made of, and the ledger row by row."""

from portal.domain.metrics import Breakdown, queries
from portal.domain.staff import Permission
from portal.domain.words import Movement, ServiceType
from portal.web.tables import Choice, Column, DateRange, Empty, NumberRange, Table, Text

MONEY = Permission.VIEW_MONEY


def _currencies() -> list[tuple[str, str]]:
    return [(each, each) for each in queries.currencies()]


def _list_of(by: Breakdown) -> Table:
    return Table(
        f"mrr-by-{by.value}",
        columns=(
            Column("name", by.label, fixed=True, cell="label" if by is Breakdown.TYPE else "text"),
            Column("currency", "Currency", shown=False),
            Column("services", "Active services", cell="number"),
            Column("mrr_minor", "MRR", cell="money", needs=MONEY),
            Column("arr_minor", "ARR", cell="money", needs=MONEY),
            Column("average_minor", "Average service", cell="money", needs=MONEY),
            Column("paused_minor", "Paused", cell="money", needs=MONEY),
        ),
        filters=(
            Choice("currency", "Currency", options=_currencies),
            Text("name", by.label),
            NumberRange("mrr_minor", "MRR", scale=100),
        ),
        sort="-mrr_minor",
        cells="revenue/_cells.html",
        empty=Empty("No recurring revenue yet", "Activate a service that has a monthly cost."),
    )


LISTS = {by: _list_of(by) for by in Breakdown}

MOVEMENTS = Table(
    "movements",
    columns=(
        Column("on_date", "Day", cell="date", fixed=True),
        Column("kind", "Movement", cell="label"),
        Column("client_name", "Client", link="/clients/{client_code}"),
        Column("service", "Service", link="/services/{service_id}"),
        Column("service_type", "Type", cell="label", shown=False),
        Column("product_name", "Product", shown=False),
        Column("manager_name", "Account manager", shown=False),
        Column("amount_minor", "Change of MRR", cell="money", needs=MONEY),
    ),
    filters=(
        DateRange("on_date", "Day"),
        Choice("kind", "Movement", options=Movement),
        Choice("currency", "Currency", options=_currencies),
        Text("client", "Client code", where=queries.of_client),
        Choice("type", "Type", options=ServiceType, where=queries.of_types),
        Text("product", "Product SKU", where=queries.of_product),
        Choice("manager", "Account manager", options=queries.managers, where=queries.of_managers),
    ),
    sort="-on_date",
    empty=Empty(
        "Nothing has moved yet", "The first activated service with a monthly cost is the first movement."
    ),
)
