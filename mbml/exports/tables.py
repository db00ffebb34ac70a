"""The tables that views read as Parquet, which any DuckDB opens where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import UsageError
from mbml.exports.parquet import write_parquet
from mbml.exports.places import Place, inside, whole_export
from mbml.exports.provenance import provenance_of_table
from mbml.store import opened
from mbml.store.parquet import TABLES

if TYPE_CHECKING:
    from mbml.store.warehouse import WarehouseOrPath


def export_tables(warehouse: WarehouseOrPath, folder: Place, *, overwrite: bool = False) -> Place:
    """Write the tables that views read into a folder of Parquet, and return its path.

    `mbml.store.parquet.script` opens it where it lies.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    folder
        Where the folder `tables` is written; it is made when it is not there. An address in S3 is
        given as text.
    overwrite
        Take the place of what has the name already.

    Raises
    ------
    UsageError
        The warehouse holds nothing, or the name is taken.
    MbmlError
        Writing failed; nothing is left under the name.
    """
    with opened(warehouse) as held:
        if not held.rows("select 1 from cell_metric limit 1"):
            raise UsageError(f"{held.path}: holds no measurement yet; load a source first")
        target = inside(folder, f"tables{provenance_of_table(held, 'cell_metric').mark}")
        with whole_export(target, overwrite=overwrite) as partial:
            partial.mkdir()
            for table, parts in TABLES.items():
                path = partial / (table if parts else f"{table}.parquet")
                write_parquet(held, table, path, provenance_of_table(held, table), parts=parts)
    return target
