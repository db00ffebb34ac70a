"""Time and memory of loading a NAS-Bench-201 file or a NATS-Bench folder of the published size.

    python benchmarks/ingest_nasbench201.py SURROGATE.pth [--cells N]
    python benchmarks/ingest_nasbench201.py SURROGATE_FOLDER

`mbml surrogate nasbench201` and `mbml surrogate natsbench` write such files, 5.0 GB and 15,625
files. `mbml ingest` loads the path into a new warehouse, and a view is queried. Beside it, in the
same run: the floor (reading the bytes alone; for a folder, decompressing them on all cores), rows
made and not stored, and for a file Python's C unpickler with an allow-list on N cells, as many as
fit in memory, with mbml on the same N. Memory is that of all processes of a command, shared pages
counted once; "largest" is the resident memory of its largest process.

The official interfaces, on two cores: NAS-Bench-201 takes 22.5 s and 7 GiB for 4,000 cells, and
cannot hold all in 24 GiB; NATS-Bench takes 152 s and 25 GiB for the folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from process_tree import run
from result_peers import decompress, read_bytes, unpickle

from mbml.sources.nasbench201 import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.workers import available_cores, map_in_workers
from mbml.surrogate.nasbench201 import write_nasbench201

VIEW = "meta_nasbench201_cifar10valid_200epochs"
_GROUP = 24


def floor(path, _cells):
    """Read a file, or read and decompress a folder's files; return the bytes."""
    if path.is_file():
        return read_bytes(path)
    files = sorted(path.glob("*.pickle.pbz2"))
    groups = [files[place : place + _GROUP] for place in range(0, len(files), _GROUP)]
    return sum(map_in_workers(decompress, groups, workers=available_cores()))


def decode(path, _cells):
    """Read a path into Arrow tables that nobody keeps; return how many architectures."""
    source = NatsBenchSource(path) if path.is_dir() else NasBench201Source(path)
    return sum(batch.architectures.num_rows for batch in source.batches())


def write(path, cells):
    """Write a surrogate file of some cells."""
    write_nasbench201(path, cells=cells)
    return cells


def unpickled(path, _cells):
    """Hold a whole file as Python objects; return how many architectures."""
    return len(unpickle(path, 5)[3]["arch2infos"])


PARTS = {one.__name__: one for one in (floor, decode, write, unpickled)}


def part(name, path, *options):
    """Do a part of this script in a process of its own; return its usage and what it counted."""
    usage, printed = run([sys.executable, __file__, "--part", name, str(path), *options])
    return usage, int(printed)


def row(name, usage, base=None):
    """Print one row of the table."""
    ratio = f"{usage.seconds / base.seconds:8.2f}" if base else " " * 8
    print(
        f"  {name:<40}{usage.seconds:8.1f}{usage.processor_seconds:8.1f}{ratio}"
        f"{usage.peak_bytes / 2**20:8.0f}{usage.largest_bytes / 2**20:8.0f}",
        flush=True,
    )


def ingest(path, folder, base, name):
    """Load a path through the command line, and query what it gave."""
    warehouse = folder / "bench_surrogate.duckdb"
    mbml = [str(Path(sys.executable).with_name("mbml"))]
    options = ["--warehouse", str(warehouse)]
    benchmark = "natsbench" if path.is_dir() else "nasbench201"
    usage, _ = run([*mbml, "ingest", benchmark, str(path), *options])
    row(name, usage, base)
    question = f"select count(*), max(valid_accuracy) from {VIEW}"
    usage, printed = run([*mbml, "query", question, "--format", "csv", *options])
    row(f"mbml query {VIEW[5:]}", usage)
    print(f"  {VIEW}: {' '.join(printed.split())}; {warehouse.stat().st_size / 1e6:,.0f} MB")
    warehouse.unlink()


def measure(path, cells, folder):
    """Measure a path, and for a file the C unpickler on some cells."""
    print(f"{path.name}, {available_cores()} cores", flush=True)
    print(f"  {'':<40}{'s':>8}{'CPU s':>8}{'x floor':>8}{'MiB':>8}{'largest':>8}")
    base, size = part("floor", path)
    row(f"floor, {size / 1e9:.3f} GB", base)
    usage, count = part("decode", path)
    row(f"decoded to Arrow, {count:,} cells", usage, base)
    ingest(path, folder, base, f"mbml ingest, {count:,} cells")
    if path.is_dir():
        return
    some = folder / "surrogate_some.pth"
    part("write", some, "--cells", str(cells))
    peer, _ = part("unpickled", some)
    print(f"\n{cells:,} cells; ratios to the C unpickler")
    row("C unpickler with an allow-list", peer)
    usage, _ = part("decode", some)
    row("decoded to Arrow", usage, peer)
    ingest(some, folder, peer, "mbml ingest")


def main():
    """Read the options; `--part` is for the processes that this script starts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--cells", type=int, default=2000, help="for the C unpickler")
    parser.add_argument("--folder", type=Path, help="where the warehouse is written")
    arguments = parser.parse_args()
    if arguments.part:
        print(PARTS[arguments.part](arguments.path, arguments.cells))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as temporary:
        measure(arguments.path, arguments.cells, Path(temporary))


if __name__ == "__main__":
    main()
