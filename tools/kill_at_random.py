"""Kill mbml at random moments: what was committed is there, and the same command completes.

    python tools/kill_at_random.py --kills 250

In turn a load, an evaluation, a search, an export, views that are put in force again and an upgrade
run on a warehouse of a few surrogate cells, each with a SIGKILL at a moment drawn from its whole
time. After each the warehouse opens, holds all of the state before or all of what was committed
since, and the command runs to its end; the state is then that of a run which nobody killed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import duckdb
import keep_warehouse

from mbml.errors import OutdatedError
from mbml.store import open_warehouse
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101
from mbml.surrogate.nasbench201 import write_nasbench201

MBML = [sys.executable, "-c", "from mbml.cli.app import main; main()"]
VIEW = "meta_nasbench201_cifar10valid_200epochs"
GRID = "--predictor linear_regression --predictor decision_tree --train-size 20 --seed 0 --seed 1"
COUNTS = ("source", "architecture", "run", "epoch_metric", "cell_metric")
#: What an evaluation and a search commit bit by bit.
GROWING = ("results.fit", "results.search")


COMMANDS = {
    "ingest": "ingest nasbench101 more_surrogate.tfrecord",
    "evaluate": f"evaluate {VIEW} {GRID}",
    "search": f"search {VIEW} --strategy evolution --budget 30 --seeds 3",
    "export": "export measurement --to out --overwrite",
    "views": "info",
    "upgrade": "upgrade",
}


def state(path: Path) -> dict[str, int]:
    """Count the rows of every table, the rows of the views among them."""
    with suppress(OutdatedError):  # DuckDB reads what is still to be upgraded
        open_warehouse(path).close()
    with duckdb.connect(str(path), read_only=True) as con:
        tables = (*COUNTS, *GROWING, VIEW)
        return {name: con.sql(f"select count(*) from {name}").fetchall()[0][0] for name in tables}


def start(folder: Path, command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*MBML, *command.split(), "--warehouse", "w.duckdb"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(folder: Path, command: str) -> None:
    with start(folder, command) as process:
        _, said = process.communicate()
    if process.returncode:
        raise AssertionError(f"{command} does not complete: {said.decode()}")


def fresh(base: Path, folder: Path, name: str) -> None:
    """Put the state before the command into a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    if name == "upgrade":
        keep_warehouse.unpack(5, folder / "w.duckdb")
    if name == "views":
        # As if an older mbml had made the views.
        with open_warehouse(folder / "w.duckdb", write=True) as warehouse:
            warehouse.con.execute(f"drop view {VIEW}")
            warehouse.con.execute("update warehouse set definitions_sha256 = ''").fetchall()


def kill_once(base: Path, folder: Path, name: str, after: float, done: dict[str, int]) -> bool:
    """Kill a command after some seconds and check what is left; return False if it had ended."""
    command = COMMANDS[name]
    fresh(base, folder, name)
    before = state(base / "w.duckdb")
    with start(folder, command) as process:
        time.sleep(after)
        running = process.poll() is None
        if running:
            os.killpg(process.pid, signal.SIGKILL)
    left = state(folder / "w.duckdb")
    loaded = {table: left[table] for table in (*COUNTS, VIEW)}
    whole = ({table: held[table] for table in loaded} for held in (before, done))
    grown = {table: before[table] <= left[table] <= done[table] for table in GROWING}
    if loaded not in whole or not all(grown.values()):
        raise AssertionError(f"{name}, killed after {after:.2f} s: {before} became {left}")
    finish(folder, command)
    open_warehouse(folder / "w.duckdb").close()
    if state(folder / "w.duckdb") != done:
        raise AssertionError(f"{name}, killed after {after:.2f} s: run again, it ends elsewhere")
    return running


def prepare(base: Path) -> None:
    """Make a warehouse of surrogate cells, and a file to load into it."""
    base.mkdir()
    write_nasbench201(base / "some_surrogate.pth", cells=60)
    write_nasbench101(base / "more_surrogate.tfrecord", draw_cells(60))
    finish(base, "ingest nasbench201 some_surrogate.pth")


def run(kills: int, seed: int, folder: Path, names: tuple[str, ...] = ()) -> dict[str, int]:
    """Kill so many times, spread over some commands; return how many still ran, by command."""
    names = names or tuple(COMMANDS)
    draw = random.Random(seed)
    base, work = folder / "base", folder / "work"
    prepare(base)
    whole, done = {}, {}
    for name in names:
        fresh(base, work, name)
        started = time.perf_counter()
        finish(work, COMMANDS[name])
        whole[name] = time.perf_counter() - started
        done[name] = state(work / "w.duckdb")
    struck = dict.fromkeys(names, 0)
    for number in range(kills):
        name = names[number % len(names)]
        struck[name] += kill_once(base, work, name, draw.uniform(0, whole[name]), done[name])
    return struck


def main() -> None:
    """Read the options, kill, and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--command", choices=COMMANDS, action="append", default=[])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        struck = run(chosen.kills, chosen.seed, Path(folder), tuple(chosen.command))
    told = ", ".join(f"{name} {count}" for name, count in struck.items())
    print(f"{chosen.kills} kills, of these while the command ran: {told}; nothing lost")


if __name__ == "__main__":
    main()
