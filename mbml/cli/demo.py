"""`mbml demo`: the whole way on invented numbers; every line that it prints can be repeated."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = Path("warehouse/demo_surrogate")
_RECORDS = _FOLDER / "nasbench101_surrogate.tfrecord"
_PICKLE = _FOLDER / "nasbench201_surrogate.pth"
_WAREHOUSE = _FOLDER / "mbml.duckdb"
_REPORT = _FOLDER / "reports"
_VIEW_101 = "meta_nasbench101_108epochs"
_VIEW_201 = "meta_nasbench201_cifar10valid_200epochs"

_NEXT = """
The report is {report}
More of it: {program} views --warehouse {warehouse}

With the original files, whose addresses are in docs/originals.md:
  {program} ingest nasbench101 nasbench_full.tfrecord
  {program} ingest nasbench201 NAS-Bench-201-v1_1-096897.pth
  {program} verify
  {program} views
"""


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(demo)


def demo(context: typer.Context) -> None:
    """Go the whole way on surrogate data, up to a report.

    It writes files of two benchmarks, loads, checks and queries them, trains and searches.
    Everything lands in the folder `warehouse/demo_surrogate` under the current one; what an earlier
    demo wrote there is written anew.

    Example: mbml demo

    In Python: the help of each command that it prints shows that command's twin.
    """
    from mbml.whole_file import make_folder

    make_folder(_FOLDER)
    for old in (_WAREHOUSE, _WAREHOUSE.with_name(f"{_WAREHOUSE.name}.wal")):
        old.unlink(missing_ok=True)
    program = _program()
    typer.echo("SURROGATE DATA: every accuracy and time below is invented, none was measured")
    command: Any = context.find_root().command
    for arguments in _commands():
        typer.echo(f"\n$ {program} {shlex.join(arguments)}")
        code = command.main(arguments, prog_name="mbml", standalone_mode=False)
        if code:
            raise typer.Exit(code)
    typer.echo(
        _NEXT.format(report=_REPORT / "report.html", program=program, warehouse=_WAREHOUSE),
        nl=False,
    )


def _program() -> str:
    """Name the command as the shell finds it: beside this Python where it is not on the path."""
    ours = Path(sys.executable).with_name("mbml")
    if shutil.which("mbml") or not ours.exists():
        return "mbml"
    return shlex.quote(os.path.relpath(ours))


def _commands() -> Iterator[list[str]]:
    warehouse = ["--warehouse", str(_WAREHOUSE)]
    for benchmark, path, count in (("nasbench101", _RECORDS, 3000), ("nasbench201", _PICKLE, 1000)):
        size = ["--architectures", str(count), "--overwrite"]
        yield ["surrogate", benchmark, str(path), *size]
    yield ["ingest", "nasbench101", str(_RECORDS), *warehouse]
    yield ["ingest", "nasbench201", str(_PICKLE), *warehouse]
    yield ["verify", *warehouse]
    yield ["views", *warehouse]
    best = f"select graph_id, test_accuracy from {_VIEW_101} order by 2 desc limit 3"  # noqa: S608
    yield ["query", best, *warehouse]
    for predictor in ("dummy", "linear_regression", "random_forest"):
        features = ["--features", "topology"]
        yield ["train", _VIEW_201, "--predictor", predictor, *features, *warehouse]
    for strategy in ("random", "guided"):
        runs = ["--strategy", strategy, "--budget", "40", "--seeds", "3"]
        yield ["search", _VIEW_201, *runs, *warehouse]
    yield ["report", "--to", str(_REPORT), *warehouse]
