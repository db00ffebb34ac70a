"""Time and memory of reading a NAS-Bench-201 file or a NATS-Bench folder, with peers beside it.

    python benchmarks/read_nasbench201.py FILE.pth [--cells N]
    python benchmarks/read_nasbench201.py FOLDER

Rows are made and counted, not stored. Peers: reading the bytes alone; for a file, Python's C
unpickler with an allow-list on a surrogate of N cells, as many as fit in memory; for a folder,
decompressing alone on all cores.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from process_tree import measured
from result_peers import decompress, read_bytes, unpickle

from mbml.sources.nasbench201 import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.workers import available_cores, map_in_workers
from mbml.surrogate.nasbench201 import write_nasbench201


def read(source):
    """Read a source; return architectures, runs and epoch rows."""
    counts = [0, 0, 0]
    for batch in source.batches():
        for place, table in enumerate((batch.architectures, batch.runs, batch.epochs)):
            counts[place] += table.num_rows
    return counts


def report(name, usage, base=None):
    """Print one row, with its ratio to another."""
    ratio = f"  {usage.seconds / base.seconds:6.2f} x" if base else ""
    print(f"{name:<44}{usage}{ratio}", flush=True)


def file(path, cells):
    """Read a file, and let Python unpickle one of `cells` cells."""
    with measured() as alone:
        size = read_bytes(path)
    report(f"bytes alone ({size / 1e9:.3f} GB)", alone)
    for workers in dict.fromkeys((available_cores(), 1)):
        with measured() as usage:
            arches, runs, rows = read(NasBench201Source(path, workers=workers))
        report(f"mbml, {workers} processes", usage, alone)
    print(f"  {arches} cells, {runs} runs, {rows} epoch rows")
    with tempfile.TemporaryDirectory() as folder:
        some = Path(folder) / "surrogate.pth"
        write_nasbench201(some, cells=cells)
        with measured() as peer:
            found = unpickle(some, 5)
        report(f"C unpickler with an allow-list, {cells} cells", peer)
        assert len(found[3]["arch2infos"]) == cells
        del found
        with measured() as usage:
            read(NasBench201Source(some))
        report(f"mbml, {cells} cells", usage, peer)


def folder(path):
    """Read a folder, and decompress its files alone."""
    files = sorted(path.glob("*.pickle.pbz2"))
    groups = [files[place : place + 24] for place in range(0, len(files), 24)]
    with measured() as alone:
        size = sum(map_in_workers(decompress, groups))
    report(f"bz2 alone, all cores ({size / 1e9:.3f} GB)", alone)
    with measured() as usage:
        arches, runs, rows = read(NatsBenchSource(path))
    report("mbml", usage, alone)
    print(f"  {arches} architectures, {runs} runs, {rows} epoch rows")


def main():
    """Choose by what the path is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--cells", type=int, default=2000)
    arguments = parser.parse_args()
    if arguments.path.is_dir():
        folder(arguments.path)
    else:
        file(arguments.path, arguments.cells)


if __name__ == "__main__":
    main()
