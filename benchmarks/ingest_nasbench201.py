"""Time and memory of loading a NAS-Bench-201 file and a NATS-Bench folder.

    python benchmarks/ingest_nasbench201.py [--shares 0.1 0.33 1] [--folder FOLDER]

Writes surrogate files, at share 1 of the published sizes: one of 5.0 GB, and a folder of 15,625.
`mbml ingest` loads each into a new warehouse. Beside it, in the same run: reading the bytes alone
(for a folder, decompressing them on all cores), rows made and not stored, and Python's C unpickler
with an allow-list on the cells of the smallest share, as it holds what it reads in memory.

The official interfaces, on two cores: NAS-Bench-201 takes 22.5 s and 7 GiB for 4,000 cells, and
cannot hold all in 24 GiB; NATS-Bench takes 152 s and 25 GiB for the folder.
"""

from __future__ import annotations

from pathlib import Path

from result_peers import decompress, read_bytes, unpickle
from row import Row, main, mbml, part

from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.spaces import nasbench201
from mbml.surrogate.nasbench201 import write_nasbench201
from mbml.surrogate.natsbench import write_natsbench
from mbml.workers import map_in_workers

#: Cells that the C unpickler holds in about 2 GiB.
UNPICKLED = 1000
_GROUP = 24


def write_file(path, cells):
    """Write a surrogate file; return its cells."""
    write_nasbench201(Path(path), cells=int(cells))
    return int(cells)


def write_folder(path, cells):
    """Write a surrogate folder; return its cells."""
    write_natsbench(Path(path), cells=int(cells))
    return int(cells)


def read_file(path):
    """Read a file; return its bytes."""
    return read_bytes(Path(path))


def decompress_folder(path):
    """Read and decompress a folder's files; return the bytes."""
    files = sorted(Path(path).glob("*.pickle.pbz2"))
    groups = [files[place : place + _GROUP] for place in range(0, len(files), _GROUP)]
    return sum(map_in_workers(decompress, groups))


def decode(path):
    """Read a path into Arrow tables that nobody keeps; return how many architectures."""
    path = Path(path)
    source = NatsBenchSource(path) if path.is_dir() else NasBench201Source(path)
    return sum(batch.architectures.num_rows for batch in source.batches())


def unpickled(path):
    """Hold a whole file as Python objects; return how many architectures."""
    return len(unpickle(Path(path), 5)[3]["arch2infos"])


def ingest(path, benchmark):
    """Load a path through the command line; return what that took."""
    warehouse = path.parent / "bench_surrogate.duckdb"
    warehouse.unlink(missing_ok=True)
    usage, _ = mbml("ingest", benchmark, path, "--warehouse", warehouse)
    warehouse.unlink()
    return usage


def rows(share, folder):
    """Measure one share: the file, the C unpickler, the folder."""
    cells = round(nasbench201.SIZE * share)
    on = f"{cells:,} cells"

    path = folder / f"nasbench201_surrogate_{share:g}.pth"
    if not path.exists():
        part(write_file, path, cells)
    alone, size = part(read_file, path)
    beside = {"peer": "reading the bytes", "peer_seconds": alone.seconds}
    usage, _ = part(decode, path)
    bytes_too = f"{on}, {size / 1e9:.2f} GB"
    yield Row.of(usage, work="NAS-Bench-201 file decoded to Arrow", on=bytes_too, **beside)
    asked = {"mark": "100 s, 1 GiB", "aim": "60 s, 0.5 GiB"} if share == 1 else {}
    usage = ingest(path, "nasbench201")
    yield Row.of(usage, work="NAS-Bench-201 file to views", on=bytes_too, **beside, **asked)

    some = folder / "nasbench201_surrogate_some.pth"
    if not some.exists():
        part(write_file, some, UNPICKLED)
    peer, _ = part(unpickled, some)
    usage, _ = part(decode, some)
    beside = {
        "peer": f"C unpickler, {peer.peak_bytes / 2**20:,.0f} MiB",
        "peer_seconds": peer.seconds,
    }
    yield Row.of(usage, work="the same, decoded to Arrow", on=f"{UNPICKLED:,} cells", **beside)

    path = folder / f"natsbench_surrogate_tss_{share:g}"
    if not path.exists():
        part(write_folder, path, cells)
    alone, _ = part(decompress_folder, path)
    beside = {"peer": "bz2, all cores", "peer_seconds": alone.seconds}
    usage, _ = part(decode, path)
    yield Row.of(usage, work="NATS-Bench folder decoded to Arrow", on=on, **beside)
    asked = {"mark": "2.6 times bz2", "aim": "1.5 times"} if share == 1 else {}
    usage = ingest(path, "natsbench")
    yield Row.of(usage, work="NATS-Bench folder to views", on=on, **beside, **asked)


if __name__ == "__main__":
    main(rows, __doc__)
