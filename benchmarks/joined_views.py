"""How soon devices, robustness and proxies are loaded and joined, on all cells of NAS-Bench-201.

    python benchmarks/joined_views.py [--shares 1]

Loads the published tables in $MBML_DATA, which it needs, in full whatever the share; then reads
each joined view on CIFAR-10 whole, as a Polars frame. Times of views are medians of seven.
"""

from __future__ import annotations

import time

from real_tables import DATA
from row import Row, main
from views import median_seconds

from mbml.sources.tables.measurements import read_devices, read_robustness
from mbml.sources.tables.proxies import read_proxies
from mbml.sources.tables.table import open_tables
from mbml.store import ingest, open_warehouse
from mbml.store.measurements import ingest_measurements
from mbml.store.proxies import ingest_proxies

VIEWS = ("device_nasbench201_cifar10", "robustness_nasbench201_cifar10")


def load_rows(warehouse, data):
    """Load the files one after the other; measure each."""
    for name in ("measurements", "imagenet16_120"):
        for source in open_tables(data / "nasbench201" / f"{name}.parquet"):
            ingest(warehouse, source)
    devices, cifar10 = data / "devices", {"dataset": "cifar10"}
    attacks = data / "robustness" / "robustness_cifar10.parquet"
    proxies = data / "nasbench201" / "zero_cost_proxies_cifar10.parquet"
    for read, store, path, options in (
        (read_devices, ingest_measurements, devices / "hw_nas_bench.parquet", {}),
        (read_devices, ingest_measurements, devices / "help" / "2080ti_1.pt", cifar10),
        (read_robustness, ingest_measurements, attacks, cifar10),
        (read_proxies, ingest_proxies, proxies, cifar10),
    ):
        started = time.perf_counter()
        report = store(warehouse, read(path, **options))
        seconds = time.perf_counter() - started
        count = getattr(report, "measurements", None) or report.values
        yield Row(work=f"load {path.name}", on=f"{count:,} values", seconds=seconds)


def rows(share, folder):
    """Measure the loads, and each view."""
    path = folder / "joined.duckdb"
    path.unlink(missing_ok=True)
    with open_warehouse(path, write=True) as warehouse:
        yield from load_rows(warehouse, DATA)
    with open_warehouse(path) as warehouse:
        for short in ("cifar10", "cifar100", "imagenet16_120"):
            for name in (*(VIEWS if short == "cifar10" else ()), f"everything_nasbench201_{short}"):
                frame = warehouse.frame(f"from {name}")
                yield Row(
                    work=f"all of {name}",
                    on=f"{frame.height:,} rows, {frame.width} columns",
                    seconds=median_seconds(lambda name=name: warehouse.frame(f"from {name}")),
                    **({"mark": "0.050 s"} if name.startswith("everything") else {}),
                )
    path.unlink()


if __name__ == "__main__":
    main(rows, __doc__)
