"""`mbml demo`: the whole way on invented numbers; every line that it prints can be repeated."""

from __future__ import annotations

from typing import Annotated

import typer

from mbml.cli.options import DEFAULT_WAREHOUSE

_VIEW = "meta_nasbench101_108epochs"
_DEMO_WAREHOUSE = DEFAULT_WAREHOUSE.with_name("demo_surrogate.duckdb")


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(demo)


def demo(
    architectures: Annotated[int, typer.Option(help="Cells to invent results for.")] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the invented numbers.")] = 0,
) -> None:
    """Write a surrogate record file, load it, look at a view and train on it.

    Everything lands in the folder `warehouse` under the current one.

    Example: mbml demo

    In Python: mbml.surrogate.nasbench101.write_nasbench101(path, draw_cells(2000))
    """
    from mbml.cli import ingest, look, train
    from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101

    records = DEFAULT_WAREHOUSE.with_name("nasbench101_surrogate.tfrecord")
    records.parent.mkdir(parents=True, exist_ok=True)
    for old in (records, _DEMO_WAREHOUSE):
        old.unlink(missing_ok=True)
    typer.echo("SURROGATE DATA: every number below is invented, none was measured\n")
    count = write_nasbench101(records, draw_cells(architectures, seed=seed), seed=seed)
    typer.echo(f"{records}: {count:,} records of {architectures:,} cells, in the original format")
    _say(f"mbml ingest nasbench101 {records}")
    ingest.nasbench101(records, warehouse=_DEMO_WAREHOUSE)
    sql = f"select arch_key, test_accuracy from {_VIEW} order by 2 desc limit 3"  # noqa: S608
    _say(f'mbml query "{sql}"')
    look.query(sql, warehouse=_DEMO_WAREHOUSE)
    for predictor in ("dummy", "linear_regression", "random_forest"):
        _say(f"mbml train {_VIEW} --predictor {predictor}")
        train.train(_VIEW, predictor=predictor, warehouse=_DEMO_WAREHOUSE)
    typer.echo(
        "\nWith the original file: mbml ingest nasbench101 nasbench_full.tfrecord, then mbml views"
    )


def _say(command: str) -> None:
    typer.echo(f"\n$ {command} --warehouse {_DEMO_WAREHOUSE}")
