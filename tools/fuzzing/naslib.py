"""NASLib's pickles of both benchmarks: what is loaded is in the file, as Python reads it."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING

import numpy as np
from nas_records import OTHER, TEXT
from naslib_files import dictionary_101, dictionary_201, pair_101
from python_unpickler import AllowList

from fuzzing.damage import Reader, damaged, possible
from mbml.errors import MbmlError
from mbml.sources.batch import EPOCH_METRICS
from mbml.sources.registry import open_sources

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from pathlib import Path

_ODD = (
    None,
    True,
    -1,
    1 << 70,
    float("nan"),
    float("-inf"),
    1e308,
    -0.0,
    100.5,
    "x",
    "|none~0|",
    b"b",
    (),
    [],
    {},
    {4: []},
    {"cifar100": {}},
    np.zeros((7, 7)),
    np.array(2),
    np.float32("nan"),
)


def _seeds_101() -> Iterable[bytes]:
    for protocol in range(6):
        yield pickle.dumps(dictionary_101(lengths=(4, 108)), protocol)
    small = {"00" * 16: pair_101("0100", "input,output", repeats=1)}
    yield pickle.dumps(dictionary_101() | small)


def _seeds_201() -> Iterable[bytes]:
    for protocol in range(6):
        yield pickle.dumps(dictionary_201("cifar10-valid", "cifar100"), protocol)
    yield pickle.dumps(dictionary_201("cifar100") | dictionary_201("cifar100", text=OTHER))
    yield pickle.dumps({TEXT: {}})


def _change(chance: random.Random, data: bytes) -> bytes:
    """Put an odd value in the place of another, or damage the bytes."""
    value = _python_loads(data)
    if value is None or chance.random() < 0.4:
        return damaged(chance, data)
    holder, key = chance.choice(_places(value))
    holder[key] = chance.choice(_ODD)
    if isinstance(holder, dict) and chance.random() < 0.3:
        holder[chance.choice(("x", 4, 54, TEXT, "cifar100", "module_adjacency"))] = holder.pop(key)
    return pickle.dumps(value, chance.randrange(6))


def _places(value) -> list[tuple[object, object]]:
    """Every place in lists and dictionaries, each as often as it is one of few beside it."""
    found, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one))
        if not isinstance(one, tuple):
            found += [(one, key) for key in list(keys)[:8]]
        waiting += [one[key] for key in keys if isinstance(one[key], list | dict | tuple)]
    return found or [({"x": None}, "x")]


def _python_loads(data: bytes):
    try:
        value = AllowList(io.BytesIO(data)).load()
    except Exception:  # noqa: BLE001 (Python refuses in many ways)
        return None
    return value if isinstance(value, dict) else None


def _numbers(value) -> set[float]:
    """Every number in a value that may hold itself."""
    found, waiting, seen = set(), [value], {}
    while waiting:
        one = waiting.pop()
        if isinstance(one, float):
            found.add(one)
        elif isinstance(one, dict | list | tuple) and id(one) not in seen:
            seen[id(one)] = one
            waiting += [*one, *one.values()] if isinstance(one, dict) else one
    return found


def _checked(kind: str, percent: float):
    """Return the check of a kind: rows are possible, and each number of them is in the file."""

    def check(folder: Path, data: bytes) -> str:
        path = folder / "input"
        path.write_bytes(data)
        try:
            (source,) = open_sources(kind, path)
            batches = list(source.batches())
        except MbmlError:
            return "refused"
        assert source.format == "naslib_pickle", "another reader read it"
        possible(batches)
        value = _python_loads(data)
        if value is not None:
            known = _numbers(value)
            for name in EPOCH_METRICS:
                unit = percent if name.endswith("accuracy") else 1.0
                known_here = {one / unit for one in known}
                for batch in batches:
                    found = set(batch.epochs.column(name).drop_null().to_pylist())
                    assert found <= known_here, f"{name}: a number that is not in the file"
        return "rows"

    return check


READERS = (
    Reader("naslib101", _seeds_101, _change, _checked("nasbench101", 1.0)),
    Reader("naslib201", _seeds_201, _change, _checked("nasbench201", 100.0)),
)
