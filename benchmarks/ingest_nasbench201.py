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


def written(write, path, cells):
    """Return a path, written first unless it is there."""
    if not path.exists():
        part(write, path, cells)
    return path


def both(path, benchmark, *, name, on, floor, peer, asked):
    """Measure a path decoded and loaded, beside the least that it takes."""
    alone, _ = part(floor, path)
    beside = {"peer": peer, "peer_seconds": alone.seconds}
    usage, _ = part(decode, path)
    yield Row.of(usage, work=f"{name} decoded to Arrow", on=on, **beside)
    usage = ingest(path, benchmark)
    yield Row.of(usage, work=f"{name} to views", on=on, **beside, **asked)


def rows(share, folder):
    """Measure one share: the file, the C unpickler, the folder."""
    cells = round(nasbench201.SIZE * share)
    on = f"{cells:,} cells"

    path = written(write_file, folder / f"nasbench201_surrogate_{share:g}.pth", cells)
    yield from both(
        path,
        "nasbench201",
        name="NAS-Bench-201 file",
        on=f"{on}, {path.stat().st_size / 1e9:.2f} GB",
        floor=read_file,
        peer="reading the bytes",
        asked={"mark": "100 s, 1 GiB", "aim": "60 s, 0.5 GiB"} if share == 1 else {},
    )

    path = written(write_file, folder / "nasbench201_surrogate_some.pth", UNPICKLED)
    peer, _ = part(unpickled, path)
    usage, _ = part(decode, path)
    yield Row.of(
        usage,
        work="the same, decoded to Arrow",
        on=f"{UNPICKLED:,} cells",
        peer=f"C unpickler, {peer.peak_bytes / 2**20:,.0f} MiB",
        peer_seconds=peer.seconds,
    )

    path = written(write_folder, folder / f"natsbench_surrogate_tss_{share:g}", cells)
    yield from both(
        path,
        "natsbench",
        name="NATS-Bench folder",
        on=on,
        floor=decompress_folder,
        peer="bz2, all cores",
        asked={"mark": "2.6 times bz2", "aim": "1.5 times"} if share == 1 else {},
    )


if __name__ == "__main__":
    main(rows, __doc__)
