"""How long `mbml --help` takes beside a Typer app of one command that prints its help.

    python benchmarks/startup.py

Both run in turn, as processes of their own; medians. Mark: 1.6 times the one-command app, aim 1.2.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

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


def main():
    """Print both medians, and the ratio."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    times = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - started)
    peer, ours = (statistics.median(one) for one in times.values())
    print(f"--help: one command of Typer {peer * 1e3:.0f} ms, mbml {ours * 1e3:.0f} ms")
    print(f"{ours / peer:.2f} times")


if __name__ == "__main__":
    main()
