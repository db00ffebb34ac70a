"""Checks of `sql/40_checks`: each returns the rows that break a rule; no rows is a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import CheckError
from mbml.store.schema import sql_files

if TYPE_CHECKING:
    from mbml.store.warehouse import Warehouse

_SHOWN = 5


def run_checks(warehouse: Warehouse) -> None:
    """Run every check over the whole warehouse.

    Raises
    ------
    CheckError
        A check found rows; the message names the check and the first of them.
    """
    for path in sql_files("40_checks"):
        cursor = warehouse.con.execute(path.read_text())
        columns = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
        if rows:
            shown = "; ".join(
                ", ".join(f"{name}={value}" for name, value in zip(columns, row, strict=True))
                for row in rows[:_SHOWN]
            )
            raise CheckError(
                f"check {path.stem} failed for {len(rows)} rows, nothing was kept: {shown}"
            )
