"""The views over Parquet files: one SQL script for a DuckDB of one's own, wherever the files are.

`mbml export-tables` writes the tables that the views stand on. The script makes a view of each,
under the table's name, and then runs the files of `sql/20_macros` and `sql/30_views` as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.benchmarks import added_benchmarks
from mbml.errors import UsageError
from mbml.store.schema import sql_files, sql_of

if TYPE_CHECKING:
    from pathlib import Path

#: The tables that views read, and the columns that become their Hive folders: a view then reads the
#: files of its own data set and schedule alone.
TABLES: dict[str, tuple[str, ...]] = {
    "source": (),
    "architecture": (),
    "op": (),
    "run": (),
    "epoch_metric": (),
    "cell_metric": ("dataset", "schedule_epochs"),
    "proxy": (),
    "device_measurement": (),
    "robustness_measurement": (),
    "cell_value": (),
}


def script(folder: str | Path) -> str:
    """Return the SQL script that opens exported tables.

    Parameters
    ----------
    folder
        What `mbml export-tables` wrote, on disk or at an address that DuckDB reads (`s3://`,
        `gs://`, `https://`).

    Raises
    ------
    UsageError
        The folder is empty text.

    Examples
    --------
    >>> [line for line in script("s3://bucket/tables").splitlines() if "cell_metric/" in line]
    ["from read_parquet('s3://bucket/tables/cell_metric/**/*.parquet', hive_partitioning = true);"]
    """
    place = str(folder).rstrip("/").replace("'", "''")
    if not place:
        raise UsageError("the folder of exported tables is missing: mbml open-parquet FOLDER")
    views = [_view(place, name, parts) for name, parts in TABLES.items()]
    files = sql_files("20_macros", "30_views")
    for known in added_benchmarks().values():
        files += sql_of(known)
    return "\n".join([*views, *(path.read_text(encoding="utf-8") for path in files)])


def _view(place: str, name: str, parts: tuple[str, ...]) -> str:
    files, options = f"{name}.parquet", ""
    if parts:
        files, options = f"{name}/**/*.parquet", ", hive_partitioning = true"
    return f"create or replace view {name} as\nfrom read_parquet('{place}/{files}'{options});\n"
