"""Every command at full size under its stated memory limit.

    python benchmarks/ceilings.py WAREHOUSE --scratch FOLDER [--nasbench101 FILE]
        [--nasbench201 FILE] [--natsbench FOLDER] [--only TEXT]

WAREHOUSE holds the tables of both benchmarks; it is copied, never written. Each command runs in a
memory cgroup that holds no more than its limit: resident pages of all its processes and what the
kernel keeps of files for them, without swap. One that needs more is killed, and the script ends
with exit code 1. That takes the right to make a cgroup (version 1 or 2): `ulimit -v` counts
addresses, of which DuckDB and BLAS reserve gigabytes that they never touch.

Prints one row a command: limit, most memory of its processes in fact, seconds. `docs/limits.md` has
the table.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from process_tree import run

from mbml.cli.diagnostics import Exit

MIB = 2**20
VIEW_101 = "meta_nasbench101_108epochs"
VIEW_201 = "meta_nasbench201_cifar100_200epochs"
_V1, _V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")


class Ceiling(NamedTuple):
    """A command, and the MiB that it may take. `{w}` is a warehouse, `{s}` a folder to write in.

    It needs the file that an option names, if one is given; it is done, unless to be refused.
    """

    limit: int
    command: str
    needs: str = ""
    refused: bool = False


CEILINGS = (
    Ceiling(256, "info --warehouse {w}"),
    Ceiling(512, "views --warehouse {w}"),
    Ceiling(256, f"describe {VIEW_101} --warehouse {{w}}"),
    Ceiling(256, "models"),
    Ceiling(256, "open-parquet s3://bucket/tables"),
    Ceiling(256, "cell 8:16:24:32:64 --warehouse {w}"),
    Ceiling(256, "neighbours 8:16:24:32:64"),
    Ceiling(512, "sample nasbench101 -n 5"),
    Ceiling(1024, "query {sql} --warehouse {w}"),
    Ceiling(1024, "query {rows} --format csv --warehouse {w}"),
    Ceiling(1024, "query {rows} --format jsonl --warehouse {w}"),
    Ceiling(1024, "query {rows} --format parquet --warehouse {w}"),
    Ceiling(1024, "query {sorted} --format csv --warehouse {w}"),
    Ceiling(1024, "query {giant} --warehouse {w}", refused=True),
    Ceiling(512, "verify --warehouse {w}"),
    Ceiling(512, "predict pretrained:nasbench101-108epochs 0100:input,output"),
    Ceiling(2048, "rank nasbench101 --model pretrained:nasbench101-108epochs"),
    Ceiling(1024, f"train {VIEW_101} --predictor random_forest --target test_accuracy {{on}}"),
    Ceiling(
        2048, f"train {VIEW_101} --predictor blend --target test_accuracy --train-size 424 {{on}}"
    ),
    Ceiling(2048, f"evaluate {VIEW_101} --predictor xgboost --target test_accuracy {{on}}"),
    Ceiling(
        2048, f"search {VIEW_101} --strategy guided --target test_accuracy --budget 100 {{on}}"
    ),
    Ceiling(1024, f"search {VIEW_201} --strategy guided --budget 100 {{on}}"),
    Ceiling(1024, "export measurement --to {s}/hive --warehouse {w}"),
    Ceiling(1024, f"export {VIEW_101} --layout published --to {{s}}/published --warehouse {{w}}"),
    Ceiling(1024, "export measurement --layout dataset --to {s}/hub --warehouse {w}"),
    Ceiling(512, f"export {VIEW_101} --layout naslib --to {{s}}/naslib --warehouse {{w}}"),
    Ceiling(1024, "export-tables --to {s}/tables --warehouse {w}"),
    Ceiling(1536, "ingest table {data}/nasbench101/measurements.parquet --warehouse {s}/t.duckdb"),
    Ceiling(1536, "ingest table {s}/hive/measurement --warehouse {s}/back.duckdb"),
    Ceiling(512, "ingest proxies {proxies} --dataset cifar10 {on}"),
    Ceiling(2048, "report --to {s}/reports --warehouse {w}"),
    Ceiling(1024, "surrogate nasbench101 {s}/records_surrogate.tfrecord"),
    Ceiling(512, "surrogate nasbench201 {s}/cells_surrogate.pth --architectures 1000"),
    Ceiling(512, "surrogate natsbench {s}/nats_surrogate --architectures 200"),
    Ceiling(1024, "ingest nasbench101 {nasbench101} --warehouse {s}/101.duckdb", "nasbench101"),
    Ceiling(1024, "ingest nasbench201 {nasbench201} --warehouse {s}/201.duckdb", "nasbench201"),
    Ceiling(1024, "ingest natsbench {natsbench} --warehouse {s}/nats.duckdb", "natsbench"),
)
SQL = "select arch_str, avg(test_accuracy) from measurement group by all order by 2 desc limit 9"
#: Ten million records, of fifteen columns.
ROWS = "select epoch_metric.* from epoch_metric, range(100) limit 10000000"
SORTED = f"select * from ({ROWS}) order by hash(run_id + epoch)"
GIANT = "select range(300000000) as x"


@contextmanager
def memory_group(limit):
    """Make a cgroup of so many bytes and give the file that takes the numbers of its processes."""
    base, files = (
        (_V1, ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"))
        if (_V1 / "memory.limit_in_bytes").exists()
        else (_V2, ("memory.max", "memory.swap.max"))
    )
    group = base / f"mbml-ceiling-{os.getpid()}"
    try:
        group.mkdir()
        (group / files[0]).write_text(str(limit))
    except OSError as error:
        sys.exit(f"{group}: no memory cgroup can be made here: {error.strerror}")
    if (group / files[1]).exists():
        (group / files[1]).write_text(str(limit if base == _V1 else 0))
    try:
        yield group / "cgroup.procs"
    finally:
        _remove(group)


def _remove(group):
    """Remove a cgroup once its last process, of which a worker may be late, has ended."""
    for _ in range(100):
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.1)
        else:
            return


def under(limit, words):
    """Run a command of mbml under a limit; return its exit code and what it took."""
    with memory_group(limit * MIB) as processes, tempfile.NamedTemporaryFile("r") as told:
        line = f'echo $$ > "{processes}"; "$@" > /dev/null; echo $? > "{told.name}"'
        usage, _ = run(["sh", "-c", line, "sh", sys.executable, "-c", _MBML, *words])
        code = told.read().strip()
    return int(code or 137), usage


_MBML = "from mbml.cli.app import app; app()"


def words_of(ceiling, places):
    """Put paths into a command, and keep those with spaces whole."""
    words = ceiling.command.replace("{on}", "--warehouse {w}").split()
    return [one.format(**places) for one in words]


def options():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=os.environ.get("MBML_DATA", "../shared/data"))
    for name in ("nasbench101", "nasbench201", "natsbench"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--only", default="", help="Only commands that contain this text.")
    return parser.parse_args()


def main():
    """Run the commands, and print a row each."""
    chosen = options()
    chosen.scratch.mkdir(parents=True, exist_ok=True)
    work = shutil.copy(chosen.warehouse, chosen.scratch / "w.duckdb")
    places = {"w": work, "s": chosen.scratch, **vars(chosen)}
    places |= {"sql": SQL, "rows": ROWS, "sorted": SORTED, "giant": GIANT}
    places["proxies"] = chosen.data / "nasbench201" / "zero_cost_proxies_cifar10.parquet"
    print("| command | limit, MiB | used, MiB | seconds |\n| --- | --: | --: | --: |")
    failed = 0
    for ceiling in CEILINGS:
        if chosen.only not in ceiling.command or (ceiling.needs and not places[ceiling.needs]):
            continue
        words = words_of(ceiling, places)
        code, usage = under(ceiling.limit, words)
        as_expected = code == (Exit.USAGE if ceiling.refused else Exit.DONE)
        failed += not as_expected
        ending = "" if as_expected else f" FAILED: exit {code}"
        shown = " ".join(Path(one).name if "/" in one else one for one in words)
        used = usage.peak_bytes / MIB
        print(f"| `mbml {shown}` | {ceiling.limit:,} | {used:,.0f} | {usage.seconds:.1f} |{ending}")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
