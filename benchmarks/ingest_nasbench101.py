"""Time and memory of loading a NAS-Bench-101 file: from records to views that answer.

    python benchmarks/ingest_nasbench101.py [--shares 0.1 0.33 1] [--folder FOLDER]

Writes surrogate files of the cells of NAS-Bench-101 (those of the real measurements in $MBML_DATA
if there are any, else drawn from the search space); the whole has the published 2,085,986,016
bytes. `mbml ingest nasbench101` loads each into a new warehouse, and a view is queried. Beside it
stands the floor, in the same run: reading, both CRCs and base64 alone, on all cores.

Other readers of a file of this size on two cores, none of which ends in a table: the official
TensorFlow loader 132 to 140 s and 3.9 GiB, its fastest fork 45 s and 4.0 GiB, nasbench-rs 33 to
35 s and 0.62 GiB.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
from real_tables import table_of
from record_floor import check
from row import Row, main, mbml, part

from mbml.sources.nasbench101.source import NasBench101Source
from mbml.sources.tfrecord.pieces import pieces
from mbml.spaces.nasbench101.classes import CLASSES
from mbml.surrogate.nasbench101 import SurrogateCell, draw_cells, write_nasbench101
from mbml.workers import map_in_workers

FULL_BYTES = 2_085_986_016
VIEW = "meta_nasbench101_108epochs"


def all_cells():
    """List all cells, as the real measurements write them where there are any."""
    table = table_of("nasbench101")
    if not table.is_file():
        return draw_cells(CLASSES)
    columns = ["adjacency", "operations", "parameters", "module_hash"]
    frame = pl.read_parquet(table, columns=columns).unique("module_hash")
    return [SurrogateCell(*row) for row in frame.sort("module_hash").iter_rows()]


def write(path, step):
    """Write a file of every so many cells; return how many records."""
    cells = sorted(all_cells(), key=lambda cell: cell.module_hash)
    return write_nasbench101(Path(path), cells[:: int(step)])


def floor(path):
    """Read, check and decode base64, nothing else; return how many records."""
    return sum(map_in_workers(check, pieces(Path(path))))


def decode(path):
    """Read a file into Arrow tables that nobody keeps; return how many records."""
    return sum(batch.records for batch in NasBench101Source(Path(path)).batches())


def rows(share, folder):
    """Measure one share."""
    path = folder / f"nasbench101_surrogate_{share:g}.tfrecord"
    if not path.exists():
        part(write, path, round(1 / share))
    assert share < 1 or path.stat().st_size == FULL_BYTES, path.stat().st_size
    base, records = part(floor, path)
    beside = {"peer": "reading, CRCs, base64", "peer_seconds": base.seconds}
    on = f"{records:,} records"
    usage, decoded = part(decode, path)
    assert decoded == records
    yield Row.of(usage, work="NAS-Bench-101 decoded to Arrow", on=on, **beside)
    warehouse = folder / "bench_surrogate.duckdb"
    warehouse.unlink(missing_ok=True)
    usage, _ = mbml("ingest", "nasbench101", path, "--warehouse", warehouse)
    asked = {"mark": "45 s, 1.5 GiB", "aim": "26 s, 0.6 GiB"} if share == 1 else {}
    yield Row.of(usage, work="NAS-Bench-101 to queryable views", on=on, **beside, **asked)
    question = f"select count(*), max(test_accuracy) from {VIEW}"
    usage, printed = mbml("query", question, "--format", "csv", "--warehouse", warehouse)
    yield Row.of(usage, work=f"`mbml query` of a view: {printed.split()[1]}", on=on)
    warehouse.unlink()


if __name__ == "__main__":
    main(rows, __doc__)
