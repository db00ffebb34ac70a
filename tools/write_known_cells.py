"""Write the table of the published cells that the reader of NAS-Bench-101 files looks them up in.

    python tools/write_known_cells.py MEASUREMENTS

MEASUREMENTS is a Parquet file with the columns `module_hash`, `adjacency` and `operations` of all
423,624 cells, as the published record file writes them. Every hash is computed anew first.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from mbml.sources.nasbench101.cells import WrittenCell
from mbml.sources.nasbench101.known_cells import CELLS, pack
from mbml.spaces.nasbench101.bulk import graph_ids


def main() -> None:
    columns = ["module_hash", "adjacency", "operations"]
    cells = pl.read_parquet(sys.argv[1], columns=columns).unique("module_hash")
    if len(cells) != CELLS:
        sys.exit(f"{sys.argv[1]}: {len(cells):,} cells, expected {CELLS:,}")
    hashes = cells.get_column("module_hash").to_list()
    if graph_ids(list(cells.select(columns[1:]).iter_rows())) != hashes:
        sys.exit(f"{sys.argv[1]}: a hash is not that of its cell")
    package = Path(__file__).resolve().parents[1] / "mbml"
    path = package / "sources" / "nasbench101" / "data" / "known_cells.xz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pack([WrittenCell(*row) for row in cells.iter_rows()]))


if __name__ == "__main__":
    main()
