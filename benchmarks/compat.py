"""How fast the benchmarks' own interfaces answer on a warehouse, beside the originals' ways.

    python benchmarks/compat.py [--share 1] [--natsbench-cells 500] [--full]

NAS-Bench-201 and NAS-Bench-101 are the real tables in $MBML_DATA. Beside NAS-Bench-101 stands a
dictionary in memory of the same numbers, copied for each answer, as the original does. `--full`
adds all 5,083,488 trainings of the published file with invented numbers. Beside the installed
`nats_bench` in fast mode stands mbml on the same surrogate files. Each row is a process of its own;
opening leaves out imports. The first call and the loop ask for architectures not asked before.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import real_tables

from mbml.compat import nasbench101 as api
from mbml.compat.natsbench import create
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.tables.table import open_tables
from mbml.store import ingest, open_warehouse
from mbml.surrogate.natsbench import write_natsbench

REPEATS = 5000
TRAININGS = [(epochs, trial) for epochs in (4, 12, 36, 108) for trial in (1, 2, 3)]
HEADINGS = (
    "| interface | on | open s | first call ms | repeated call µs | loop s | calls in it | MiB |\n"
    "| --- | --- | --: | --: | --: | --: | --: | --: |"
)


def ours_of_trials(path):
    held = create(path, "tss", verbose=False)
    return held, sorted(held.evaluated_indexes), more_info(held)


def nats_bench_in_fast_mode(path):
    import nats_bench

    held = nats_bench.create(path, "tss", fast_mode=True, verbose=False)
    indexes = sorted(int(one.name[:6]) for one in Path(path).glob("[0-9]*.pickle.pbz2"))
    return held, indexes, more_info(held)


def more_info(held):
    return lambda index: held.get_more_info(index, "cifar100", hp="200", is_random=False)


def ours_of_records(path):
    held = api.NASBench(path)
    return held, list(held.hash_iterator()), held.get_metrics_from_hash


def dictionary_of_records(path):
    """Build what the original keeps: by hash, by epochs, a list of dictionaries."""
    held = {}
    with open_warehouse(Path(path)) as warehouse:
        for module_hash, epochs, *numbers in warehouse.rows(
            "select native_key, schedule_epochs, train_seconds, train_accuracy, valid_accuracy,"
            " test_accuracy from epoch_metric inner join run using (run_id)"
            " inner join architecture using (arch_id) where epoch = schedule_epochs"
        ):
            repeat = dict(zip(("time", "train", "valid", "test"), numbers, strict=True))
            held.setdefault(module_hash, {}).setdefault(epochs, []).append(repeat)
    return held, list(held), lambda module_hash: copy.deepcopy(held[module_hash])


KINDS = {
    one.__name__: one
    for one in (ours_of_trials, nats_bench_in_fast_mode, ours_of_records, dictionary_of_records)
}


def peak_bytes():
    """Return the most memory this program has held; `ru_maxrss` counts its parent's as well."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not report VmHWM")


def measure(kind, path):
    """Print what one interface takes, as JSON."""
    started = time.perf_counter()
    held, keys, ask = KINDS[kind](path)
    opened = time.perf_counter()
    ask(keys[len(keys) // 2])
    first = time.perf_counter()
    for _ in range(REPEATS):
        ask(keys[len(keys) // 2])
    repeated = time.perf_counter()
    for key in keys:
        ask(key)
    looped = time.perf_counter()
    numbers = {
        "open": opened - started,
        "first": first - opened,
        "repeated": (repeated - first) / REPEATS,
        "loop": looped - repeated,
        "calls": len(keys),
        "bytes": peak_bytes(),
    }
    del held
    print(json.dumps(numbers))


def row(label, on, kind, path):
    command = [sys.executable, "-W", "ignore", __file__, "--measure", kind, str(path)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    cells = (
        label,
        on,
        f"{found['open']:.2f}",
        f"{found['first'] * 1e3:.1f}",
        f"{found['repeated'] * 1e6:.0f}",
        f"{found['loop']:.1f}",
        f"{found['calls']:,}",
        f"{found['bytes'] / 2**20:,.0f}",
    )
    print("| " + " | ".join(cells) + " |", flush=True)


def all_trainings(path, cells):
    """Load as many trainings as the published file has, with invented numbers."""
    shapes = pl.DataFrame(
        [(*training, epoch) for training in TRAININGS for epoch in (training[0] // 2, training[0])],
        schema=["schedule_epochs", "trial", "epoch"],
        orient="row",
    )
    rows = cells.join(shapes, how="cross").with_columns(dataset=pl.lit("cifar10"))
    draws = np.random.default_rng(0)
    rows = rows.with_columns(
        *(
            pl.Series(name, draws.random(len(rows)))
            for name in ("train_accuracy", "valid_accuracy", "test_accuracy")
        ),
        train_seconds=pl.col("epoch") * 10.0,
    )
    table = path.with_name("surrogate.parquet")
    rows.write_parquet(table)
    with open_warehouse(path, write=True) as warehouse:
        for source in open_tables(table):
            ingest(warehouse, source)


def compare(folder, arguments):
    print(HEADINGS)
    for benchmark in ("nasbench201", "nasbench101"):
        real_tables.load(folder / f"{benchmark}.duckdb", [benchmark], arguments.share)
    row("mbml", "NAS-Bench-201", "ours_of_trials", folder / "nasbench201.duckdb")
    surrogate = folder / "NATS-tss-surrogate-simple"
    write_natsbench(surrogate, space="topology", cells=arguments.natsbench_cells)
    with open_warehouse(folder / "natsbench.duckdb", write=True) as warehouse:
        ingest(warehouse, NatsBenchSource(surrogate))
    on = f"NATS-Bench (surrogate), {arguments.natsbench_cells:,} cells, all epochs"
    row("mbml", on, "ours_of_trials", folder / "natsbench.duckdb")
    row("nats_bench, fast mode", on, "nats_bench_in_fast_mode", surrogate)
    row("mbml", "NAS-Bench-101", "ours_of_records", folder / "nasbench101.duckdb")
    row("dictionary", "NAS-Bench-101", "dictionary_of_records", folder / "nasbench101.duckdb")
    if arguments.full:
        cells = pl.read_parquet(
            real_tables.table_of("nasbench101"), columns=["adjacency", "operations", "parameters"]
        ).unique(maintain_order=True)
        all_trainings(folder / "full.duckdb", cells)
        on = f"NAS-Bench-101, {len(cells) * len(TRAININGS):,} invented trainings"
        row("mbml", on, "ours_of_records", folder / "full.duckdb")
        row("dictionary", on, "dictionary_of_records", folder / "full.duckdb")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the real tables")
    parser.add_argument("--natsbench-cells", type=int, default=500)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--measure", nargs=2, metavar=("KIND", "PATH"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.measure:
        measure(*arguments.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), arguments)


if __name__ == "__main__":
    main()
