"""Days on which a business calendar is closed: public holidays, and dated ones of its own."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from itertools import islice
from typing import Any

import holidays
from babel import Locale

from portal.domain.fields import BadValue

ENGLISH = Locale("en")
LOOK_AHEAD_DAYS = 3 * 366


class DaysOff:
    """Answers `day in days_off`, for any year. country: "DE", "DE-BY" for a region, or "" for none."""

    def __init__(self, country: str, dated: Mapping[date, str]) -> None:
        self.public = public_holidays(country) if country else {}
        self.dated = dict(dated)

    def __contains__(self, day: object) -> bool:
        return day in self.dated or day in self.public

    def name_of(self, day: date) -> str:
        return self.dated.get(day) or str(self.public.get(day) or "") or "Closed"

    def upcoming(self, since: date, count: int) -> list[tuple[date, str]]:
        """The next days off from `since` on, with their names."""
        days = (since + timedelta(days=ahead) for ahead in range(LOOK_AHEAD_DAYS))
        closed = (day for day in days if day in self)
        return [(day, self.name_of(day)) for day in islice(closed, count)]


@cache
def public_holidays(country: str) -> Any:
    """The library's own mapping from date to name; it works out a year when it is asked about one."""
    code, _, region = country.partition("-")
    return holidays.country_holidays(code, subdiv=region or None, language="en_US")


@cache
def regions() -> Mapping[str, tuple[str, ...]]:
    """Country code → the regions with holidays of their own, of every country that is known."""
    return {code: tuple(names) for code, names in holidays.list_supported_countries(False).items()}


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """(code, name) of every country that is known, by name."""
    named = [(code, str(ENGLISH.territories.get(code, code))) for code in regions()]
    return tuple(sorted(named, key=lambda pair: pair[1]))


def country(value: Any) -> str:
    """A country, a region of it ("DE-BY"), or "" for no public holidays."""
    entered = str(value or "").strip()
    code, _, region = entered.partition("-")
    if not entered:
        return ""
    code = code.upper()
    if code not in regions():
        raise BadValue("The holidays of this country are not known. Leave it empty and enter the days below.")
    known = {name.upper(): name for name in regions()[code]}
    if region and region.upper() not in known:
        raise BadValue(f"A region of this country: {', '.join(known.values()) or 'it has none'}.")
    return f"{code}-{known[region.upper()]}" if region else code
