"""The file format: `toybench 1`, then a line for each network and epoch.

For example: `plain>wide>wide>plain epoch=4 valid=0.61 test=0.6 seconds=8`
"""

import polars as pl

from mbml.errors import CellError, SourceError
from mbml.sources.files import check_file
from mbml.sources.tables.table import table_sources
from mbml_toy.space import parse

NAMES = ("epoch", "valid", "test", "seconds")


def open_lines(path):
    """Open a file; its rows go the way of `mbml ingest table`, which checks each value."""
    check_file(path)
    first, *lines = path.read_text(encoding="utf-8").splitlines() or [""]
    if first != "toybench 1":
        raise SourceError(path, "line 1", f"expected toybench 1, got {first!r:.40}")
    rows = [_row(path, number, line) for number, line in enumerate(lines, start=2)]
    columns = ("arch_str", "parameters", "epoch", "valid_accuracy", "test_accuracy")
    frame = pl.DataFrame(rows, schema=[*columns, "train_seconds"], orient="row").lazy()
    same = {"dataset": pl.lit("shapes"), "schedule_epochs": 4, "trial": 0}
    return table_sources(path, (path,), frame.with_columns(benchmark=pl.lit("toy"), **same))


def _row(path, number, line):
    text, *values = line.split(" ")
    given = dict(value.partition("=")[::2] for value in values)
    if tuple(given) != NAMES:
        raise SourceError(path, f"line {number}", f"expected {', '.join(NAMES)}, got {line!r:.60}")
    try:
        return (text, parse(text).parameters, *given.values())
    except CellError as error:
        raise SourceError(path, f"line {number}", str(error)) from error
