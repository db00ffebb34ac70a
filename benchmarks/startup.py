"""How long commands take at the prompt.

    python benchmarks/startup.py [--shares 1]

`mbml --help` stands beside a Typer app of one command that prints its help; `mbml query` and `mbml
info`, on a warehouse of a share of the real tables in $MBML_DATA, stand beside `mbml --help`. All
run in turn, as processes of their own; medians. CPU seconds are those of all runs, a run.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict

import real_tables
from row import Row, main

RUNS = 15
PEER = """
import typer
app = typer.Typer(add_completion=False)
@app.command()
def greet(name: str) -> None:
    "Say hello."
app()
"""
MBML = [sys.executable, "-c", "from mbml.cli.app import main; main()"]
QUERY = "select count(*), max(test_accuracy) from meta_nasbench101_108epochs"


def measured(commands):
    """Return the median seconds and the mean processor seconds of each command, run in turn."""
    times, processor = defaultdict(list), defaultdict(float)
    for _ in range(RUNS):
        for name, command in commands.items():
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - started)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            processor[name] += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {name: (statistics.median(times[name]), processor[name] / RUNS) for name in commands}


def rows(share, folder):
    """Measure the commands."""
    commands = {"one command of Typer": [sys.executable, "-c", PEER, "--help"]}
    commands["help"] = [*MBML, "--help"]
    if real_tables.table_of("nasbench101").is_file():
        path = folder / "prompt.duckdb"
        path.unlink(missing_ok=True)
        real_tables.load(path, share=share)
        commands["query"] = [*MBML, "query", QUERY, "--warehouse", str(path)]
        commands["info"] = [*MBML, "info", "--warehouse", str(path)]
    found = measured(commands)
    yield row("help", found, "one command of Typer", "a Typer app of one command", "1.6", "1.2")
    for name in ("query", "info"):
        if name in found:
            yield row(name, found, "help", "`mbml --help`", "2.4", "2")


def row(name, found, peer, shown, mark, aim):
    """Return the row of one command beside another."""
    seconds, processor = found[name]
    return Row(
        work=f"`mbml {name}`" if name != "help" else "`mbml --help`",
        on=f"median of {RUNS}",
        seconds=seconds,
        processor_seconds=processor,
        peer=shown,
        peer_seconds=found[peer][0],
        mark=f"{mark} times",
        aim=f"{aim} times",
    )


if __name__ == "__main__":
    main(rows, __doc__)
