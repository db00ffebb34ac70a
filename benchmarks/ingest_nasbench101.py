"""Time and memory of loading a NAS-Bench-101 file of the published size, and a tenth of it.

    python benchmarks/ingest_nasbench101.py [--folder FOLDER --keep] [--reader-only] [--tenth-only]

Writes surrogate files of all 423,624 cells (those of the real measurements in $MBML_DATA if there
are any, else drawn from the search space), 2,085,986,016 bytes, and of every tenth. Then `mbml
ingest nasbench101` loads each into a new warehouse, and a view is queried. Beside it stands the
floor, in the same run: reading, both CRCs and base64 alone. Memory is that of all processes of a
command, shared pages counted once; "largest" is the resident memory of its largest process.

Other readers of a file of this size on two cores, none of which ends in a table: the official
TensorFlow loader 132 to 140 s and 3.9 GiB, its fastest fork 45 s and 4.0 GiB, nasbench-rs 33 to
35 s and 0.62 GiB.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import polars as pl
from process_tree import run
from record_floor import check

from mbml.sources.nasbench101 import NasBench101Source
from mbml.sources.tfrecord_pieces import pieces
from mbml.sources.workers import available_cores, map_in_workers
from mbml.spaces.nasbench101_classes import CLASSES
from mbml.surrogate.nasbench101 import SurrogateCell, draw_cells, write_nasbench101

FULL_BYTES = 2_085_986_016
FULL, TENTH = "nasbench101_surrogate_full.tfrecord", "nasbench101_surrogate_tenth.tfrecord"
VIEW = "meta_nasbench101_108epochs"


def all_cells():
    """List all cells, as the real measurements write them where there are any."""
    table = Path(os.environ.get("MBML_DATA", "")) / "nasbench101" / "measurements.parquet"
    if not table.is_file():
        return draw_cells(CLASSES)
    columns = ["adjacency", "operations", "parameters", "module_hash"]
    frame = pl.read_parquet(table, columns=columns).unique("module_hash")
    return [SurrogateCell(*row) for row in frame.sort("module_hash").iter_rows()]


def write(path):
    """Write one of the two files, told by its name; return how many records."""
    cells = all_cells()
    if path.name == TENTH:
        cells = sorted(cells, key=lambda cell: cell.module_hash)[::10]
    records = write_nasbench101(path, cells)
    assert path.name == TENTH or path.stat().st_size == FULL_BYTES, path.stat().st_size
    return records


def floor(path, workers):
    """Read, check and decode base64, nothing else; return how many records."""
    return sum(map_in_workers(check, pieces(path), workers=workers))


def decode(path):
    """Read a file into Arrow tables that nobody keeps; return how many records."""
    return sum(batch.records for batch in NasBench101Source(path).batches())


def this(*arguments):
    """Return the command that does a part of this script in a process of its own."""
    return [sys.executable, __file__, *map(str, arguments)]


def row(name, usage, records=None, base=None):
    """Print one row of the table."""
    rate = f"{records / usage.seconds:12,.0f}" if records else " " * 12
    ratio = f"{usage.seconds / base.seconds:8.2f}" if base else " " * 8
    print(
        f"  {name:<34}{usage.seconds:8.1f}{usage.processor_seconds:8.1f}{rate}{ratio}"
        f"{usage.peak_bytes / 2**20:8.0f}{usage.largest_bytes / 2**20:8.0f}",
        flush=True,
    )


def measure(path, folder, *, reader_only):
    """Measure one file."""
    cores = available_cores()
    print(f"{path.name}, {path.stat().st_size:,} bytes, {cores} cores", flush=True)
    print(f"  {'':<34}{'s':>8}{'CPU s':>8}{'records/s':>12}{'x floor':>8}{'MiB':>8}{'largest':>8}")
    base, printed = run(this("--part", "floor", "--workers", cores, path))
    records = int(printed)
    row(f"floor, {cores} processes", base, records)
    alone, _ = run(this("--part", "floor", "--workers", 1, path))
    row("floor, one process", alone, records)
    usage, printed = run(this("--part", "decode", path))
    assert int(printed) == records
    row("decoded to Arrow", usage, records, base)
    if reader_only:
        return
    warehouse = folder / "bench_surrogate.duckdb"
    warehouse.unlink(missing_ok=True)
    mbml = [str(Path(sys.executable).with_name("mbml"))]
    options = ["--warehouse", str(warehouse)]
    usage, _ = run([*mbml, "ingest", "nasbench101", str(path), *options])
    row("mbml ingest nasbench101", usage, records, base)
    question = f"select count(*), max(test_accuracy) from {VIEW}"
    usage, printed = run([*mbml, "query", question, "--format", "csv", *options])
    row(f"mbml query {VIEW[5:]}", usage)
    print(f"  {VIEW}: {' '.join(printed.split())}; {warehouse.stat().st_size / 1e6:,.0f} MB")
    warehouse.unlink()


def measure_all(arguments, folder):
    """Write the files that are not there, measure each, and remove those that were written."""
    paths = [folder / name for name in ([TENTH] if arguments.tenth_only else [TENTH, FULL])]
    written = [path for path in paths if not path.exists()]
    try:
        for path in written:
            # In a process of its own: what this one holds would count as the commands' memory.
            usage, _ = run(this("--part", "write", path))
            print(f"{path.name} written in {usage.seconds:.1f} s", flush=True)
        for path in paths:
            measure(path, folder, reader_only=arguments.reader_only)
    finally:
        if not arguments.keep:
            for path in written:
                path.unlink(missing_ok=True)


def main():
    """Read the options; `--part` is for the processes that this script starts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--part", choices=["write", "floor", "decode"], help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="where the files are, or are written")
    parser.add_argument("--keep", action="store_true", help="leave the files in the folder")
    parser.add_argument("--reader-only", action="store_true", help="load nothing")
    parser.add_argument("--tenth-only", action="store_true", help="leave out the full file")
    arguments = parser.parse_args()
    if arguments.part == "floor":
        print(floor(arguments.path, arguments.workers))
    elif arguments.part:
        print({"write": write, "decode": decode}[arguments.part](arguments.path))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            measure_all(arguments, arguments.folder or Path(temporary))


if __name__ == "__main__":
    main()
