"""Change the code in many small ways, one at a time, and see whether the fast tests notice.

    make mutants
    python tools/mutants.py [--number 600] [--seed 0] [--jobs 2] [--part NAME]...

Draws mutants at random from each part of the package, as many as its share of all, but at least
ten. Each runs in a fresh process in a copy of the checkout, against the fast tests that reach the
changed line, without real data: what keeps a number right must not depend on files that
contributors lack. Prints the mutants that lived, then the share that died by part, with its 95 %
interval (Wilson). A mutant that cannot be imported is not counted; one that no test reaches lives.
They run in a mixed order, so that what is told after an interrupt is of a random sample, too.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

from mutation import python, sql
from mutation.mutant import difference

CHECKOUT = Path(__file__).resolve().parents[1]

#: What each part of the sample is drawn from.
PARTS = {
    "store": ("mbml/store",),
    "sources": ("mbml/sources",),
    "metrics and splits": ("mbml/metrics.py", "mbml/splits.py"),
    "predictors": ("mbml/predictors",),
    "search": ("mbml/searches",),
    "features": ("mbml/features",),
    "sql": ("sql/10_tables", "sql/20_macros", "sql/30_views", "sql/40_checks"),
}
#: A view is reached by every test of a warehouse, so these answer for all SQL.
SQL_TESTS = ("tests/sql", "tests/store", "tests/compat", "tests/cli/test_export_published.py")
#: So many tests, those that reach least first, decide about one mutant.
MOST_TESTS = 300
LONGEST = 300.0
_KILLED, _IMPORT_FAILS = 1, 2


def main() -> int:
    """Draw, run and tell."""
    arguments = _arguments()
    chance = random.Random(arguments.seed)
    print(f"seed {arguments.seed}, {arguments.number} mutants", flush=True)
    sample = _sample(arguments.number, arguments.part or list(PARTS), chance)
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)  # some tests run as another user
        first = _copy(Path(scratch) / "0")
        reached = _Reached(first)
        copies: SimpleQueue[Path] = SimpleQueue()
        copies.put(first)
        for number in range(1, arguments.jobs):
            copies.put(_copy(Path(scratch) / str(number)))

        def judge(drawn):
            _, mutant, text = drawn
            copy = copies.get()
            try:
                return _fate(copy, mutant.path, text, reached.tests(mutant))
            finally:
                copies.put(copy)

        fates = defaultdict(Counter)
        with ThreadPoolExecutor(arguments.jobs) as pool:
            judged = zip(sample, pool.map(judge, sample), strict=True)
            try:
                for count, ((part, mutant, text), fate) in enumerate(judged, 1):
                    fates[part][fate] += 1
                    if fate in ("lived", "no test"):
                        print(f"\n{fate}: {mutant.path}:{mutant.line}")
                        print(difference((CHECKOUT / mutant.path).read_text(), text), flush=True)
                    if count % 50 == 0:
                        print(f"\n{count} of {len(sample)}", flush=True)
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
    print("\n" + _table(fates))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Change the code, and see whether tests notice.")
    parser.add_argument("--number", type=int, default=600, help="mutants to draw")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part")
    return parser.parse_args()


def _sample(number, parts, chance):
    """Draw from each part by its share of all mutants, and mix them."""
    found = {part: list(_mutants(PARTS[part])) for part in parts}
    total = sum(map(len, found.values()))
    drawn = []
    for part, all_of_it in found.items():
        share = max(10, round(number * len(all_of_it) / total))
        print(f"{part}: {share} of {len(all_of_it):,}", flush=True)
        mixed = chance.sample(all_of_it, len(all_of_it))
        written = ((mutant, mutant.write()) for mutant in mixed)
        programs = ((mutant, text) for mutant, text in written if text is not None)
        drawn += [(part, mutant, text) for mutant, text in islice(programs, share)]
    chance.shuffle(drawn)
    return drawn


def _mutants(places):
    for place in places:
        top = CHECKOUT / place
        files = [top] if top.is_file() else sorted((*top.rglob("*.py"), *top.rglob("*.sql")))
        for file in files:
            make = sql.mutants if file.suffix == ".sql" else python.mutants
            yield from make(file.relative_to(CHECKOUT), file.read_text())


def _copy(to: Path) -> Path:
    """Copy what git knows of the checkout."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in names:
        if (CHECKOUT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, to / name)
    _make_environment(to)
    return to


def _make_environment(copy: Path) -> None:
    """Give a copy an environment of its own, with the packages of this one and the copy's mbml.

    By PYTHONPATH alone, processes that a test starts with another one would import this checkout.
    """
    environment = copy / ".venv"
    venv.create(environment)
    [packages] = environment.glob("lib/*/site-packages")
    (packages / "mutants.pth").write_text(f"{copy}\n{sysconfig.get_path('purelib')}\n")
    for tool in Path(sys.executable).parent.iterdir():
        if not (environment / "bin" / tool.name).exists():
            (environment / "bin" / tool.name).symlink_to(tool)


def _pytest(
    copy: Path, *options: str, seconds: float | None = None, told: int | None = subprocess.DEVNULL
) -> int | None:
    """Run tests of a copy without real data; None where they take too long."""
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    environment |= {"MBML_DATA": str(copy / "no data"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        copy / ".venv" / "bin" / "python",
        "-m",
        "pytest",
        "-m",
        "not slow",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    try:
        done = subprocess.run(
            [*command, *options],
            cwd=copy,
            env=environment,
            stdout=told,
            stderr=told,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


class _Reached:
    """Which fast tests reach which line, from one run of all of them."""

    def __init__(self, copy: Path) -> None:
        options = ("-n", "2", "--cov", "--cov-context=test", "--cov-report=", "-p", "xdist")
        if _pytest(copy, *options, told=None) != 0:
            raise SystemExit("the fast tests fail without real data; mend them first")
        self._by_line: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._by_file: dict[str, set[str]] = defaultdict(set)
        self._breadth: Counter[str] = Counter()
        self._read(copy)

    def _read(self, copy: Path) -> None:
        from coverage import CoverageData

        data = CoverageData(str(copy / ".coverage"))
        data.read()
        for file in data.measured_files():
            name = str(Path(file).relative_to(copy))
            for line, contexts in data.contexts_by_lineno(file).items():
                tests = {one.partition("|")[0] for one in contexts if one}
                self._by_line[name, line] |= tests
                self._by_file[name] |= tests
                self._breadth.update(tests)

    def tests(self, mutant) -> list[str]:
        """Return the tests to ask, those that reach least of the package first."""
        if mutant.path.suffix == ".sql":
            return list(SQL_TESTS)
        name = str(mutant.path)
        # What runs at import, such as a constant, is reached by whoever uses the module.
        tests = self._by_line[name, mutant.line] or self._by_file[name]
        return sorted(tests, key=self._breadth.__getitem__)[:MOST_TESTS]


def _fate(copy: Path, path: Path, text: str, tests: list[str]) -> str:
    """Run the tests on a mutant: killed, lived, no test, or no program."""
    if not tests:
        return "no test"
    file = copy / path
    original = file.read_text()
    names = copy / "asked.txt"
    names.write_text("\n".join(tests))
    file.write_text(text)
    try:
        ended = _pytest(copy, "-x", f"@{names}", seconds=LONGEST)
    finally:
        file.write_text(original)
    if ended == _IMPORT_FAILS:
        return "no program"
    return "lived" if ended == 0 else "killed"


def _table(fates) -> str:
    lines = [
        "| part | counted | killed | share | 95 % interval |",
        "| --- | --: | --: | --: | --- |",
    ]
    total = Counter()
    for part, counts in fates.items():
        total.update(counts)
        lines.append(_row(part, counts))
    return "\n".join([*lines, _row("all", total)])


def _row(part, counts) -> str:
    killed = counts["killed"]
    counted = killed + counts["lived"] + counts["no test"]
    low, high = _wilson(killed, counted)
    share = killed / counted if counted else math.nan
    return f"| {part} | {counted} | {killed} | {share:.3f} | {low:.3f} to {high:.3f} |"


def _wilson(killed: int, counted: int) -> tuple[float, float]:
    if not counted:
        return 0.0, 1.0
    z = 1.959963984540054
    centre = (killed + z * z / 2) / (counted + z * z)
    reach = z / (counted + z * z) * math.sqrt(killed * (counted - killed) / counted + z * z / 4)
    return centre - reach, centre + reach


if __name__ == "__main__":
    sys.exit(main())
