"""What each figure means, in the words that stand on the page beside it (rule book 9)."""

from typing import NamedTuple


class Definition(NamedTuple):
    name: str
    text: str


DEFINITIONS: dict[str, Definition] = {
    "mrr": Definition(
        "MRR",
        "Monthly recurring revenue: the monthly cost of all active services, before tax, without one-off fees. A year"
        " counts a twelfth, a quarter a third, a week 52 twelfths, rounded once for each service.",
    ),
    "arr": Definition("ARR", "Annual recurring revenue: twelve times MRR."),
    "paused": Definition(
        "Paused MRR", "The monthly cost of suspended services. It is not part of MRR, and it is not lost."
    ),
    "average": Definition(
        "Average service value", "MRR divided by the number of active services that have a monthly cost."
    ),
    "movements": Definition(
        "Movements",
        "Every change of MRR, netted for each client and day: new (the client's first ever), expansion, contraction"
        " (also when one of several services ends), churn (the client's last one), reactivation (of a client that"
        " had none left), paused, resumed, and transfer from client to client, which is zero in all. A change counts"
        " on the day on which it is made, also when it is dated back: months that are over stay as they were.",
    ),
    "net_new": Definition(
        "Net new MRR", "All movements of the month together. Opening MRR plus net new MRR is the closing MRR."
    ),
    "gross_churn": Definition(
        "Gross churn", "Churn and contraction of the month, divided by the MRR at its start."
    ),
    "nrr": Definition(
        "Net revenue retention (NRR)",
        "1 less gross churn, plus expansion and reactivation of the month divided by the MRR at its start.",
    ),
    "grr": Definition("Gross revenue retention (GRR)", "1 less gross churn."),
    "logo_churn": Definition(
        "Logo churn",
        "Clients lost in the month divided by the clients at its start. A client with paused services only is still a"
        " client; lost is who had services at the start, has none at the end, and did not transfer them.",
    ),
    "projection": Definition(
        "Projection",
        "The active services as they stand. Terms that end without auto-renewal drop out on their end date, scheduled"
        " cancellations on theirs; auto-renewals carry on at the renewal price; planned price changes count from"
        " their day. What is not sold yet is not in it, and suspended services are left out.",
    ),
    "revenue": Definition(
        "Projected revenue",
        "The monthly cost of the services that run in the month; what ends or changes within it counts by days.",
    ),
    "total": Definition(
        "Total",
        "All currencies in the company's own, each at the latest stored rate up to the day. Where a rate is missing"
        " there is no total.",
    ),
}
