"""Fits and searches as files, for the warehouses of others."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from mbml.errors import UsageError
from mbml.exports.parquet import write_parquet
from mbml.exports.places import Place, inside, whole_export
from mbml.exports.provenance import provenance_of_results
from mbml.result_types import sql_text
from mbml.store import opened
from mbml.store.shared_results import (
    EXPORT_KEY,
    FILES,
    FITS,
    LAYOUT_KEY,
    LAYOUT_VERSION,
    selected,
)
from mbml.text import quoted

if TYPE_CHECKING:
    from mbml.store.warehouse import Warehouse, WarehouseOrPath


def export_results(
    warehouse: WarehouseOrPath,
    folder: Place,
    *,
    origin: str | None = None,
    overwrite: bool = False,
) -> Place:
    """Write all fits and searches into a folder of Parquet files, and return its path.

    `mbml.store.shared_results.ingest_results` loads them into another warehouse.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    folder
        Where the folder `results` is written (`results_surrogate` if any is of invented numbers).
        It is made when it is not there. An address in S3 is given as text.
    origin
        Who computed them, or where; by default, the name of the warehouse's file and when it was
        made. Results that came from elsewhere keep their origin.
    overwrite
        Take the place of what has the name already.

    Raises
    ------
    UsageError
        The warehouse holds no results, the origin is empty or no text, or the name is taken.
    WarehouseError
        The warehouse cannot be opened.
    MbmlError
        Writing failed; nothing is left under the name.
    """
    if not isinstance(origin, str | None):
        raise UsageError(f"expected `origin` as text, got {quoted(origin)}")
    if origin is not None and not origin.strip():
        raise UsageError("`origin` is empty; name who computed the results, or where")
    with opened(warehouse) as held:
        if held.rows("select 1 from results.fit union all select 1 from results.search") == []:
            raise UsageError(
                f"{held.path}: holds no fits and no searches yet; run mbml evaluate or mbml search"
            )
        named = f"coalesce(origin, {sql_text(origin or _made(held))}) as origin"
        marks = {LAYOUT_KEY: str(LAYOUT_VERSION), EXPORT_KEY: uuid4().hex}
        origins = {table: provenance_of_results(held, table) for table in FILES.values()}
        target = inside(folder, f"results{origins[FITS.table].mark}")
        with whole_export(target, overwrite=overwrite) as partial:
            partial.mkdir()
            for name, table in FILES.items():
                rows = selected(name)
                if table in ("results.fit", "results.search"):
                    rows = f"(select * replace ({named}) from {rows})"  # noqa: S608
                path = partial / f"{name}.parquet"
                write_parquet(held, rows, path, origins[table], also=marks)
    return target


def _made(held: Warehouse) -> str:
    """Return a name for a warehouse: others may have files of the same name."""
    [(made,)] = held.rows(
        "select strftime(created_at at time zone 'UTC', '%Y-%m-%d %H:%M:%S') from warehouse"
    )
    return f"{held.path.name}, made {made} UTC"
