"""How long `mbml --help` takes beside a Typer app of one command that prints its help.

    python benchmarks/startup.py

Both run in turn, as processes of their own; medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

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
COMMANDS = {
    "one command of Typer": [sys.executable, "-c", PEER, "--help"],
    "mbml": [sys.executable, "-c", "from mbml.cli.app import main; main()", "--help"],
}


def rows(_share, _folder):
    """Measure both."""
    times = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - started)
    peer, ours = (statistics.median(one) for one in times.values())
    yield Row(
        work="`mbml --help`",
        on=f"median of {RUNS}",
        seconds=ours,
        peer="a Typer app of one command",
        peer_seconds=peer,
        mark="1.6 times",
        aim="1.2 times",
    )


if __name__ == "__main__":
    main(rows, __doc__)
