"""Run every SQL and Parquet client that this Python has on a warehouse; print a row of each.

    python tools/clients.py WAREHOUSE [FOLDER]

FOLDER is what `mbml export-tables --to` wrote. Needs nothing of mbml, so that it runs in
environments with other versions. A row has the client, its version, and the number of rows and best
test accuracy of a view, or the error's first line. Clients that are not installed are left out.
"""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

VIEW = "meta_nasbench201_cifar100_200epochs"
COUNT = f"select count(*), max(test_accuracy) from {VIEW}"


def duckdb_python(place):
    duckdb = importlib.import_module("duckdb")
    with duckdb.connect(place, read_only=True) as con:
        return con.execute(COUNT).fetchall()[0]


def duckdb_shell(place):
    command = ["duckdb", "-readonly", "-csv", "-noheader", place, COUNT]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def polars(place):
    duckdb = importlib.import_module("duckdb")
    with duckdb.connect(place, read_only=True) as con:
        frame = con.sql(f"from {VIEW}").pl()
    return len(frame), frame["test_accuracy"].max()


def pandas(place):
    duckdb = importlib.import_module("duckdb")
    with duckdb.connect(place, read_only=True) as con:
        frame = con.sql(f"from {VIEW}").df()
    return len(frame), frame["test_accuracy"].max()


def sqlalchemy(place):
    alchemy = importlib.import_module("sqlalchemy")
    engine = alchemy.create_engine(f"duckdb:///{place}", connect_args={"read_only": True})
    view = alchemy.Table(VIEW, alchemy.MetaData(), autoload_with=engine)
    best = alchemy.select(alchemy.func.count(), alchemy.func.max(view.c.test_accuracy))
    with engine.connect() as connection:
        return tuple(connection.execute(best).one())


def ibis(place):
    view = importlib.import_module("ibis").duckdb.connect(place, read_only=True).table(VIEW)
    return view.count().execute(), view.test_accuracy.max().execute()


def harlequin(place):
    adapter = importlib.import_module("harlequin_duckdb").DuckDbAdapter
    connection = adapter((place,), read_only=True).connect()
    return connection.execute(COUNT).fetchall().to_pylist()[0].values()


def arrow_dataset(folder):
    dataset = importlib.import_module("pyarrow.dataset")
    table = dataset.dataset(Path(folder) / "tables" / "epoch_metric.parquet").to_table(
        columns=["test_accuracy"]
    )
    best = importlib.import_module("pyarrow.compute").max(table["test_accuracy"])
    return len(table), best.as_py()


def polars_parquet(folder):
    pl = importlib.import_module("polars")
    frame = pl.scan_parquet(Path(folder) / "tables" / "epoch_metric.parquet")
    return frame.select(pl.len(), pl.col("test_accuracy").max()).collect().row(0)


ON_WAREHOUSE = {
    "duckdb": duckdb_python,
    "polars": polars,
    "pandas": pandas,
    "sqlalchemy": sqlalchemy,
    "ibis-framework": ibis,
    "harlequin": harlequin,
}
ON_FOLDER = {"pyarrow": arrow_dataset, "polars": polars_parquet}


def report(client, work, place, number):
    try:
        found = ", ".join(map(str, work(place)))
    except Exception as error:  # noqa: BLE001 - whatever a client raises is its row
        found = f"FAILED: {type(error).__name__}: {str(error).splitlines()[0][:150]}"
    print(f"| {client} | {number} | {work.__name__} | {found} |")


def main():
    warehouse, *folders = sys.argv[1:]
    for work, place in ((ON_WAREHOUSE, warehouse), *((ON_FOLDER, one) for one in folders)):
        for client, call in work.items():
            try:
                number = version(client)
            except ModuleNotFoundError:
                continue
            report(client, call, place, number)
    if shutil.which("duckdb"):
        shell = subprocess.run(["duckdb", "--version"], capture_output=True, text=True, check=True)
        report("duckdb-cli", lambda place: [duckdb_shell(place)], warehouse, shell.stdout.strip())


if __name__ == "__main__":
    main()
