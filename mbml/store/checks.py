"""The checks of `sql/40_checks`: each returns the rows that break a rule; no rows is a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mbml.errors import CheckError
from mbml.store.schema import sql_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mbml.store.warehouse import Warehouse

_SHOWN = 5


class CheckResult(NamedTuple):
    """What a check found.

    Attributes
    ----------
    name
        Name of its file.
    rule
        What must hold, in a sentence.
    rows
        How many rows break it.
    first
        The first of them, as text; empty if there is none.
    """

    name: str
    rule: str
    rows: int
    first: str


def checked(warehouse: Warehouse) -> Iterator[CheckResult]:
    """Run every check over the whole warehouse, one at a time."""
    for path in sql_files("40_checks"):
        with warehouse.reading() as con:
            found = con.execute(path.read_text())
            columns = [column[0] for column in found.description]
            rows = found.fetchall()
        yield CheckResult(path.stem, first_comment(path), len(rows), _text(columns, rows[:_SHOWN]))


def run_checks(warehouse: Warehouse) -> None:
    """Run every check over the whole warehouse, up to the first that fails.

    Raises
    ------
    CheckError
        A check found rows; the message names the check and the first of them.
    """
    for one in checked(warehouse):
        if one.rows:
            raise CheckError(
                f"check {one.name} failed for {one.rows} rows, nothing was kept: {one.first}"
            )


def first_comment(path: Path) -> str:
    """Return the comment at the top of an SQL file, as one line."""
    lines = []
    for line in path.read_text().splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return " ".join(lines)


def _text(columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    return "; ".join(
        ", ".join(f"{name}={value}" for name, value in zip(columns, row, strict=True))
        for row in rows
    )
