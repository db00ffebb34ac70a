"""Feed damaged and crossed pickles to the readers for some minutes.

    python tests/fuzz_pickle.py MINUTES [SEED]

Every input must be refused with a `SourceError` or loaded with valid rows, soon and in little
memory; with and without the fast path the outcome must be the same; and what the machine loads,
Python's own unpickler (behind an allow-list) must load to equal values, or refuse. What breaks a
rule is printed and kept under `fuzz-findings/`. Ends with the counts.
"""

from __future__ import annotations

import io
import math
import pickle
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import warnings
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
from hostile import CORPUS
from nas_records import OTHER, TEXT, arch, bare, legacy, plain, release, run, torch_zip
from sources.test_damage import check_rows

from mbml.errors import SourceError
from mbml.sources.nasbench201 import NasBench201Source
from mbml.sources.pickle_layouts import Layouts
from mbml.sources.torch_pickle import load

LONGEST = 10
ALLOWED = {
    ("collections", "OrderedDict"): OrderedDict,
    ("numpy.core.multiarray", "scalar"): np._core.multiarray.scalar,
    ("numpy._core.multiarray", "scalar"): np._core.multiarray.scalar,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): lambda text, codec: text.encode(codec),
}
BYTES = bytes(range(256))
EXTREMES = [struct.pack("<I", n) for n in (0, 1, 255, 256, 1 << 16, 1 << 31, (1 << 32) - 1)]


class AllowList(pickle.Unpickler):
    """Python's unpickler, which knows the five names only."""

    def find_class(self, module, name):
        return ALLOWED[module, name]


def seeds():
    """Whole files to begin with."""
    one = release({0: {"less": arch(run("cifar10-valid"))}}, names=[TEXT])
    two = release(
        {
            0: {"full": arch(run(epochs=200)), "less": arch(run("cifar100", 888))},
            1: {"less": arch(run(text=OTHER), index=1, text=OTHER)},
        }
    )
    yield from (legacy(one), legacy(two), torch_zip(one))
    for protocol in (2, 3, 4, 5):
        yield bare(one, protocol)
        yield bare(two, protocol)
        yield pickle.dumps(
            [one["arch2infos"][0], (1, 2.5, None, {b"x", 3}), np.float32(2)], max(protocol, 4)
        )
    # The exponential bomb is read at once, but this script would walk its 2^60 leaves to compare.
    small = {name: data for name, data in CORPUS.items() if len(data) < 20_000}
    yield from (data for name, data in small.items() if name != "exponential memo bomb")


def mutated(chance, data, others):
    """Damage a file in one to four ways."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(data) + 1)
        length = chance.choice((1, 2, 4, 8, 30, 300))
        kind = chance.randrange(9)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = chance.choice(BYTES)
        elif kind == 2:
            del data[at : at + length]
        elif kind == 3:
            data[at:at] = data[at : at + length] * chance.choice((1, 2, 50))
        elif kind == 4:
            other = chance.choice(others)
            begin = chance.randrange(len(other) + 1)
            data[at : at + chance.choice((0, length))] = other[begin : begin + length]
        elif kind == 5:
            del data[at:]
        elif kind == 6:
            data[at : at + 4] = chance.choice(EXTREMES)
        elif kind == 7:
            data[at:at] = chance.choice(
                b"(.0123NKMJGXqrhj}])teuasRbcQP\x81\x82\x85\x86\x88\x8c\x90\x93\x94\x95"
            ).to_bytes(1, "little")
        else:
            other = chance.randrange(len(data) + 1)
            data[at : at + length], data[other : other + length] = (
                data[other : other + length],
                data[at : at + length],
            )
    return bytes(data)


def same(found, expected):
    """Compare values; NaN equals NaN, numpy scalars equal Python numbers."""
    if isinstance(expected, float | np.floating) and isinstance(found, float):
        return found == expected or (math.isnan(found) and math.isnan(expected))
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and list(found) == list(expected)
            and all(same(found[key], expected[key]) for key in expected)
        )
    if isinstance(expected, list | tuple):
        return (
            isinstance(found, list | tuple)
            and len(found) == len(expected)
            and all(map(same, found, expected))
        )
    return found == expected or expected in ALLOWED.values() or isinstance(expected, np.dtype)


def outcome(path, layouts):
    """Return `refused` and why, or `loaded` and what."""
    try:
        return "loaded", load(path, layouts=layouts)
    except SourceError as error:
        return "refused", str(error)


def problem(path, layouts):
    """Run one input; return how it ended, and what is wrong if anything is."""
    slow, fast = outcome(path, None), outcome(path, layouts)
    if slow[0] != fast[0] or (slow[0] == "loaded" and not same(plain(fast[1]), plain(slow[1]))):
        return slow[0], f"the fast path differs: {slow!r:.200} {fast!r:.200}"
    if slow[0] == "loaded" and path.read_bytes()[:1] == b"\x80":
        stream = io.BytesIO(path.read_bytes())
        try:
            found = [AllowList(stream).load()]
            while stream.tell() < len(stream.getvalue()):
                found.append(AllowList(stream).load())
        except Exception:  # noqa: BLE001 (Python refuses in many ways)
            found = []
        if len(found) in {1, 5} and not same(plain(slow[1]), found[0 if len(found) == 1 else 3]):
            return slow[0], "Python loads another value"
    try:
        for batch in NasBench201Source(path).batches():
            check_rows(batch)
    except SourceError:
        return slow[0], None
    except AssertionError:
        return "rows", "a row that cannot be was loaded"
    return "rows", None


def main(minutes, seed):
    """Fuzz for some minutes."""
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    chance = random.Random(seed)
    pool = list(seeds())
    layouts = Layouts()
    counts = Counter()
    slowest = 0.0
    end = time.monotonic() + minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input.pth"
        while time.monotonic() < end:
            data = mutated(chance, chance.choice(pool), pool)
            path.write_bytes(data)
            started = time.process_time()
            signal.alarm(60)
            try:
                ending, wrong = problem(path, layouts)
            except KeyboardInterrupt:
                ending, wrong = "hung", "it took a minute"
            except Exception as error:  # noqa: BLE001 (this is what is looked for)
                ending, wrong = "crashed", f"{type(error).__name__}: {error}"
            signal.alarm(0)
            spent = time.process_time() - started
            slowest = max(slowest, spent)
            if spent > LONGEST:
                wrong = wrong or f"it took {spent:.1f} s"
            counts[ending] += 1
            if wrong:
                counts["findings"] += 1
                kept = Path("fuzz-findings") / f"{seed}-{counts.total()}"
                kept.parent.mkdir(exist_ok=True)
                kept.write_bytes(data)
                print(f"{kept}: {wrong}", flush=True)
    inputs = counts.total() - counts["findings"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{inputs} inputs in {minutes} minutes, seed {seed}: {dict(counts)}")
    print(f"slowest {slowest:.2f} s CPU, peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
