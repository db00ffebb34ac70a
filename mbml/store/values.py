"""The table `cell_value`, kept in step with the long tables that it shows side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.result_types import sql_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb


def refresh_values(con: duckdb.DuckDBPyConnection, datasets: Iterable[str] | None = None) -> None:
    """Make the rows of `cell_value` anew, from devices, robustness and proxies.

    Parameters
    ----------
    con
        The connection, in a transaction, to a warehouse with its macros in force.
    datasets
        Data sets of images whose rows changed; all, if None.
    """
    columns = [
        name
        for (name,) in con.execute(
            "select column_name from duckdb_columns() where table_name = 'cell_value'"
            " and schema_name = 'main' and database_name = current_database()"
            " and column_name not in ('arch_id', 'dataset')"
        ).fetchall()
    ]
    if datasets is None:
        held = con.execute(
            "select dataset from device_measurement union select dataset from"
            " robustness_measurement union select dataset from proxy"
        ).fetchall()
        datasets = [name for (name,) in held]
    names = ", ".join(map(sql_text, columns))
    for dataset in datasets:
        con.execute("delete from cell_value where dataset = ?", [dataset])
        con.execute(
            "insert into cell_value by name from ("
            f" pivot (from named_values({sql_text(dataset)})) on name in ({names})"
            " using max(value) group by arch_id, dataset) order by arch_id"
        )
