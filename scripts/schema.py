"""Writes docs/schema.md from the models; with --check it only says whether that was done after the last change."""

import sys
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from portal import models
from portal.db import Base, db

PAGE = Path(__file__).parent.parent / "docs" / "schema.md"
HEAD = """# The tables

Written by `scripts/schema.py` from the models; do not edit. `*_minor` are minor units of `currency`, `*_at` are
instants in UTC, `*_on` and `*_date` are days in the company's time zone. Only what is marked may be empty.
"""


def page() -> str:
    """The whole page, tables by name."""
    documented = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}
    tables = sorted(db.metadata.tables.values(), key=lambda table: table.name)
    return "\n".join([HEAD, *(section(table, documented[table.name]) for table in tables)])


def section(table: sa.Table, model: type) -> str:
    """One table: what it is, its columns, and what the database refuses."""
    said = (model.__doc__ or "").strip()
    what = (
        " ".join(said.splitlines()[0].split()) + "\n\n"
        if said and not said.startswith(model.__name__ + "(")
        else ""
    )
    rows = "\n".join(line(column) for column in table.columns)
    rules = "\n".join(f"- {rule}" for rule in guards(table))
    columns = f"| column | type | |\n|---|---|---|\n{rows}\n"
    return f"## {table.name}\n\n{what}{columns}" + (f"\n{rules}\n" if rules else "")


def line(column: sa.Column) -> str:
    kind = column.type.compile(postgresql.dialect()).lower()
    points_to = [key.target_fullname.removesuffix(".id") for key in column.foreign_keys]
    notes = [
        "key" if column.primary_key else "",
        f"→ {points_to[0]}" if points_to else "",
        "computed" if column.computed is not None else "",
        "may be empty" if column.nullable and column.computed is None else "",
    ]
    return f"| {column.name} | {kind} | {', '.join(filter(None, notes))} |"


def guards(table: sa.Table) -> list[str]:
    """Unique keys and checks, in a fixed order."""
    found = []
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            found.append(f"unique: {', '.join(column.name for column in constraint.columns)}")
        elif isinstance(constraint, sa.CheckConstraint) and not isinstance(constraint, sa.Enum):
            found.append(f"check: {values(constraint)}")
    for index in table.indexes:
        if index.unique:
            where = index.dialect_options["postgresql"]["where"]
            found.append(
                f"unique: {', '.join(column.name for column in index.columns)}"
                + (f", where {where}" if where is not None else "")
            )
    return sorted(found)


def values(constraint: sa.CheckConstraint) -> str:
    """The condition; that of an enumeration with its values."""
    compiled = constraint.sqltext.compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    return " ".join(str(compiled).split()).replace(f"{constraint.table.name}.", "").replace("%%", "%")


def main() -> None:
    assert models.__all__
    text = page()
    if "--check" in sys.argv:
        if PAGE.read_text() != text:
            sys.exit("docs/schema.md is older than the models. Write it anew: python scripts/schema.py")
        return
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
