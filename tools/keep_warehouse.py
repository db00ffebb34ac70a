"""Make the small warehouse that tests keep of each schema version, by the code of that version.

    git worktree add /tmp/old COMMIT
    PYTHONPATH=/tmp/old python -P tools/keep_warehouse.py tests/store/warehouses

Two benchmarks with invented numbers, proxies, fits, searches, and what a user made: the file is
packed under the name of its schema version. `write_sources` writes the same tables whenever it
runs, so that a test can load them anew beside the upgraded file.
"""

from __future__ import annotations

import argparse
import itertools
import lzma
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import polars as pl

KEPT = Path(__file__).resolve().parents[1] / "tests" / "store" / "warehouses"
VIEW = "meta_nasbench201_cifar100_200epochs"
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
#: Commands that fill the warehouse, in order.
LOADS = (
    "ingest table nasbench201_surrogate.parquet",
    "ingest table nasbench101_surrogate.parquet",
    "ingest proxies proxies_surrogate.parquet --dataset cifar100",
)
GRID = "--predictor linear_regression --predictor decision_tree --train-size 20 --seed 0 --seed 1"
RESULTS = (
    f"evaluate {VIEW} {GRID}",
    f"search {VIEW} --strategy random --budget 20 --seeds 2",
    f"search {VIEW} --strategy evolution --budget 15",
)
#: What a user makes with DuckDB: a view on each kind of name, on another view, and in a schema.
OF_USER = """
create view my_datasets as
select dataset, schedule_epochs, count(*) as runs from run group by all order by all;
comment on view my_datasets is 'Mine';
comment on column my_datasets.runs is 'My meaning';
create view my_benchmarks as
select architecture.benchmark, count(*) as cells, count(distinct op.op) as operations
from architecture inner join op using (arch_id) where benchmark <> 'nasbench' group by all;
create view my_best as
select arch_key, test_accuracy from meta_nasbench201_cifar100_200epochs where valid_accuracy > 0.7;
create schema mine;
create view mine.bests as select count(*) as bests from my_best;
create macro my_half(x) as x / 2;
create table my_notes (arch_id integer, note text);
insert into my_notes values (3, 'look again');
"""


def write_sources(folder: Path) -> None:
    """Write the tables that are loaded, of numbers that only look like measurements."""
    cells = [
        "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|".format(*operations)
        for operations in itertools.islice(itertools.product(OPERATIONS, repeat=6), 3000, 3150, 3)
    ]
    trainings = [("cifar10-valid", 12), ("cifar10-valid", 200), ("cifar100", 200)]
    rows = [
        {
            "arch_str": cell,
            "dataset": dataset,
            "schedule_epochs": schedule,
            "trial": trial,
            "epoch": schedule,
            "parameters": 70_000 + 100 * number,
            "flops": 10_000_000 + 1_000 * number,
            "valid_accuracy": 0.5 + number * 37 % 101 / 256 + trial / 2**16,
            "test_accuracy": 0.5 + number * 41 % 97 / 256,
            "train_seconds": 1000.0 + number,
        }
        for number, cell in enumerate(cells)
        for dataset, schedule in trainings
        for trial in (777, 888)
    ]
    pl.DataFrame(rows).write_parquet(folder / "nasbench201_surrogate.parquet")
    small = [
        ("0100", "input,output"),
        ("010001000", "input,conv3x3-bn-relu,output"),
        ("010001000", "input,conv1x1-bn-relu,output"),
        ("011001000", "input,maxpool3x3,output"),
    ]
    rows = [
        {
            "adjacency": adjacency,
            "operations": operations,
            "dataset": "cifar10",
            "schedule_epochs": 108,
            "trial": trial,
            "epoch": epoch,
            "parameters": 230_000 + 1_000 * number,
            "valid_accuracy": 0.25 + number / 16 + epoch / 256,
            "test_accuracy": 0.25 + number / 16 + trial / 512,
        }
        for number, (adjacency, operations) in enumerate(small)
        for trial in (1, 2, 3)
        for epoch in (54, 108)
    ]
    pl.DataFrame(rows).write_parquet(folder / "nasbench101_surrogate.parquet")
    pl.DataFrame(
        {
            "arch_str": cells,
            "synflow": [number / 4 for number in range(len(cells))],
            "naswot": [number * 29 % 31 / 8 for number in range(len(cells))],
        }
    ).write_parquet(folder / "proxies_surrogate.parquet")


def unpack(version: int, path: Path) -> Path:
    """Write the kept warehouse of a schema version to a file."""
    kept = KEPT / f"schema{version}.duckdb.xz"
    path.write_bytes(lzma.decompress(kept.read_bytes()))
    return path


def make(folder: Path) -> bytes:
    """Make the warehouse in a folder, by the mbml that Python finds, and return its bytes."""
    write_sources(folder)
    mbml = [sys.executable, "-P", "-c", "from mbml.cli.app import main; main()"]
    for command in (*LOADS, *RESULTS):
        subprocess.run(
            [*mbml, *command.split(), "--warehouse", "w.duckdb"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    with duckdb.connect(str(folder / "w.duckdb")) as con:
        con.execute(OF_USER)
    return (folder / "w.duckdb").read_bytes()


def main() -> None:
    """Read the folder, make the warehouse, pack it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the packed file goes")
    kept = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as folder:
        packed = lzma.compress(make(Path(folder)), preset=9)
        with duckdb.connect(str(Path(folder) / "w.duckdb"), read_only=True) as con:
            [(version,)] = con.execute("select schema_version from warehouse").fetchall()
    path = kept / f"schema{version}.duckdb.xz"
    path.write_bytes(packed)
    print(f"{path}: {len(packed):,} bytes")


if __name__ == "__main__":
    main()
