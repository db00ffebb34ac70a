"""What one guided search of 100 queries costs on one core, over NAS-Bench-201 and NAS-Bench-101.

    python benchmarks/guided.py [--shares 0.1 0.33 1]

It reads a share of the measurements in the folder named by MBML_DATA. Each search is a command of
its own; the run alone is counted as `mbml search` tells it, and beside it the whole command.
"""

from __future__ import annotations

import json
import os

import real_tables
from row import Row, main, mbml

from mbml.store import open_warehouse

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
SEARCHES = {
    "meta_nasbench201_cifar10_200epochs": ("valid_accuracy", {"mark": "2 s", "aim": "1 s"}),
    "meta_nasbench101_108epochs": ("test_accuracy", {"mark": "15 s", "aim": "8 s"}),
}


def rows(share, folder):
    """Measure one share."""
    if not real_tables.table_of("nasbench101").is_file():
        return
    os.environ |= ONE_THREAD
    path = folder / "guided.duckdb"
    path.unlink(missing_ok=True)
    real_tables.load(path, share=share)
    for view, (target, asked) in SEARCHES.items():
        with open_warehouse(path) as warehouse:
            [(count,)] = warehouse.rows(f"select count(*) from {view}")
        call = ["search", view, "--target", target, "--strategy", "guided", "--budget", 100]
        usage, printed = mbml(*call, "--seeds", 1, "--json", "--warehouse", path)
        run = json.loads(printed)["runs"][0]["search_seconds"]
        on = f"{count:,} cells"
        work = f"guided, 100 queries of {view}"
        yield Row(work=f"{work}: the run", on=on, seconds=run, **(asked if share == 1 else {}))
        yield Row.of(usage, work=f"{work}: the command", on=on)
    path.unlink()


if __name__ == "__main__":
    main(rows, __doc__)
