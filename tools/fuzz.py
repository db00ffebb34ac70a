"""Feed damaged and crossed files to a reader for some minutes.

    python tools/fuzz.py READER MINUTES [SEED]

READER is tfrecord, protobuf, pickle, containers, zip, bz2, archive, naslib101, naslib201, table or
model. Every input must be read, or refused with an error of `mbml.errors`, within 10 s of processor
time and 1 GiB of memory; `tools/fuzzing` has the rules of each reader. A model is used in a process
of its own, which has 60 s. What breaks a rule is printed and kept under `fuzz-findings/`. Ends with
the counts, and exit code 1 if there was a finding.

With the package `atheris` installed the inputs follow what code they reach; without it they are
changed at random, the same for the same seed.
"""

from __future__ import annotations

import faulthandler
import os
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "helpers"))
try:
    import atheris
except ImportError:
    atheris = None

if __name__ == "__main__" and atheris is not None:
    with atheris.instrument_imports(include=["mbml.sources"], enable_loader_override=False):
        from fuzzing import READERS
        from fuzzing.damage import damaged
else:
    from fuzzing import READERS
    from fuzzing.damage import damaged

LONGEST = 10.0
#: Seconds after which the process ends and prints where it stands: it heard no signal.
DEAF = 120.0
MOST_KB = 1 << 20
#: Only what is far beyond the rule ends the process itself.
ADDRESSES = 8 << 30


class Fuzzing:
    """Runs inputs, and counts how they ended."""

    def __init__(self, name, folder, keep):
        self.reader = READERS[name]
        self.folder = folder
        self.keep = keep
        self.counts = Counter()
        self.findings = []
        self.slowest = 0.0
        self.peak = 0

    def run(self, data):
        """Read one input and hold it to the rules."""
        before = peak_kb(reset=True)
        started = time.process_time()
        faulthandler.dump_traceback_later(DEAF, exit=True)
        signal.signal(signal.SIGPROF, _too_long)
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        try:
            ending, wrong = self.reader.check(self.folder, data), None
        except BaseException as error:  # a panic of Polars is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            ending, wrong = "broke a rule", f"{type(error).__name__}: {error}"
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.cancel_dump_traceback_later()
        spent = time.process_time() - started
        memory = peak_kb() - before
        self.slowest, self.peak = max(self.slowest, spent), max(self.peak, memory)
        if spent > LONGEST:
            wrong = wrong or f"it took {spent:.1f} s"
        if memory > MOST_KB:
            wrong = wrong or f"it took {memory >> 10} MiB"
        self.counts[ending] += 1
        if wrong:
            self._note(data, wrong)

    def _note(self, data, wrong):
        self.findings.append(wrong)
        kept = self.keep / f"{self.reader.name}-{len(self.findings)}"
        self.keep.mkdir(exist_ok=True)
        kept.write_bytes(data)
        print(f"{kept}: {wrong:.300}", flush=True)

    def told(self):
        """The counts in words."""
        return (
            f"{self.reader.name}: {self.counts.total():,} inputs {dict(self.counts)},"
            f" {len(self.findings)} findings; slowest {self.slowest:.2f} s CPU,"
            f" most memory {self.peak / 1024:.0f} MiB"
        )


def _too_long(*_):
    raise TimeoutError(f"it took more than {LONGEST:.0f} s of processor time")


def peak_kb(*, reset=False):
    """The most resident memory since it was last reset; only Linux can reset it."""
    if reset:
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def at_random(fuzzing, *, seed, enough):
    """Change the bytes to begin with at random until `enough` says so."""
    chance = random.Random(seed)
    pool = list(fuzzing.reader.seeds())
    for data in pool:
        fuzzing.run(data)
    while not enough(fuzzing):
        data = chance.choice(pool)
        change = fuzzing.reader.change if chance.random() < 0.8 else damaged
        fuzzing.run(change(chance, data))


def guided(fuzzing, *, seed, seconds):
    """Let atheris choose, with our changes beside its own; does not return."""
    corpus = fuzzing.folder / "corpus"
    corpus.mkdir()
    for number, data in enumerate(fuzzing.reader.seeds()):
        (corpus / str(number)).write_bytes(data)
    end = time.monotonic() + seconds

    def one_input(data):
        fuzzing.run(data)
        if time.monotonic() > end:
            print(fuzzing.told(), flush=True)
            os._exit(1 if fuzzing.findings else 0)

    def change(data, most, number):
        chance = random.Random(number)
        if chance.random() < 0.4:
            return atheris.Mutate(data, most)
        return fuzzing.reader.change(chance, data)[:most]

    # Its clock runs on while the process is paused; the rule is processor time, held by `run`.
    options = [
        f"-seed={seed + 1}",
        "-timeout=3600",
        "-rss_limit_mb=0",
        "-max_len=1000000",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one_input, custom_mutator=change)
    atheris.Fuzz()


def main(name, minutes, seed=0):
    """Fuzz for some minutes and tell the counts."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    with tempfile.TemporaryDirectory() as folder:
        fuzzing = Fuzzing(name, Path(folder), Path("fuzz-findings"))
        if atheris is not None:
            guided(fuzzing, seed=seed, seconds=minutes * 60)
        end = time.monotonic() + minutes * 60
        at_random(fuzzing, seed=seed, enough=lambda _: time.monotonic() > end)
        print(fuzzing.told())
        return 1 if fuzzing.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), *map(int, sys.argv[3:])))
