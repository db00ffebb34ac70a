"""Saved models: each predictor's, changed in what they hold, used in a process of its own."""

from __future__ import annotations

import atexit
import copy
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from doctored import Entries, Process, pack, small_model, unpack, write

from fuzzing.damage import Reader, damaged
from mbml.predictors.registry import PREDICTORS

if TYPE_CHECKING:
    import random
    from pathlib import Path

NUMBERS = (0, 1, -1, 2, 7, 255, 10**8, 2**31 - 1, 2**31, 2**62, 2**63, -(2**63), 10**30)
REALS = (float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 1e-320, 1e39, 0.5, -0.0)
TEXTS = ("", "x", "\x1b[2J\u202e", "none", "precomputed", "brute", "rbf", "nasbench101", "topology")
OTHERS = (None, True, False, [], {}, [[]], ["x"], {"x": 1}, [1.5, None])
DTYPES = ("f4", "f8", ">f8", "i1", "i4", "i8", "u8", "c8", "?", "U3", "M8[s]", "S4")


def _value(chance: random.Random) -> Any:
    return chance.choice(chance.choice((NUMBERS, REALS, TEXTS, OTHERS)))


def _array(chance: random.Random, array: np.ndarray) -> np.ndarray:
    """Change entries, the shape or the dtype of an array; what cannot be done leaves it."""
    array = array.copy()
    kind = chance.randrange(8)
    try:
        if kind < 4 and array.size:
            held = array
            if array.dtype.names:
                held = array[chance.choice(array.dtype.names)]
            count = chance.choice((1, 1, 3, held.size))
            numbers = NUMBERS if held.dtype.kind in "iu" else NUMBERS + REALS
            for _ in range(min(count, 5)):
                place = chance.randrange(held.size)
                value = chance.choice((*numbers, chance.randrange(-2, held.size + 2)))
                held.reshape(-1)[place] = np.array(value).astype(held.dtype)
        elif kind == 4:
            array = array.astype(chance.choice(DTYPES))
        elif kind == 5:
            array = array[: chance.choice((0, 1, len(array) - 1))]
        elif kind == 6:
            array = chance.choice((array.T, array[None], array.reshape(-1), array[..., None]))
        else:
            array = np.concatenate([array, array[:1]])
    except (TypeError, ValueError, OverflowError, IndexError):
        pass
    return array


def _change_json(chance: random.Random, entries: Entries) -> None:
    nodes = [node for _, _, node in entries.nodes() if node["__loader__"] == "JsonNode"]
    node = chance.choice(nodes)
    node.pop("__id__", None)
    if chance.random() < 0.05:
        node["content"] = chance.choice(("", "[" * 5000, "1e999", "9" * 5000, "{", 5, None))
    else:
        node["content"] = json.dumps(_value(chance))


def _change_array(chance: random.Random, entries: Entries) -> None:
    nodes = [node for _, _, node in entries.nodes() if node.get("type") == "numpy"]
    if nodes:
        entries.array(chance.choice(nodes), lambda array: _array(chance, array))


def _change_nodes(chance: random.Random, entries: Entries) -> None:
    """Put one node in the place of another, leave one out, or say that it is something else."""
    places = list(entries.nodes())
    holder, key, node = chance.choice(places)
    _, _, other = chance.choice(places)
    kind = chance.randrange(5)
    if kind == 0:
        holder[key] = copy.deepcopy(other)
    elif kind == 1:
        del holder[key]
    elif kind == 2:
        for name in ("__class__", "__module__"):
            node[name] = other[name]
    elif kind == 3:
        node["__loader__"] = other["__loader__"]
    else:
        node["__id__"] = other.get("__id__", 1)


def _change_booster(chance: random.Random, entries: Entries) -> None:
    if not entries.parts("Booster"):
        return _change_array(chance, entries)

    def change(held: Any) -> None:
        while True:
            keys = list(held) if isinstance(held, dict) else range(min(len(held), 50))
            if not len(keys):
                return
            key = chance.choice(keys)
            if isinstance(held[key], dict) or (
                isinstance(held[key], list) and chance.random() < 0.9
            ):
                held = held[key]
                continue
            if isinstance(held[key], np.ndarray):
                changed = _array(chance, held[key])
                held[key] = changed if changed.dtype.kind in "iuf" and changed.ndim == 1 else "x"
            elif chance.random() < 0.1:
                del held[key]
            else:
                held[key] = chance.choice(("x", "", "-1", "1E30", "[nan]", 7, -1, 2**40))
            return

    entries.booster(change)
    return None


def _change_file(chance: random.Random, entries: Entries) -> None:
    name = chance.choice(list(entries.files))
    entries.files[name] = damaged(chance, entries.files[name])


def _change_card(chance: random.Random, card: dict[str, Any]) -> None:
    key = chance.choice([*card, "dataset", "sources", "x"])
    if chance.random() < 0.2:
        card.pop(key, None)
    else:
        card[key] = _value(chance)


CHANGES = (
    (_change_array,) * 5
    + (_change_booster,) * 3
    + (_change_json,) * 3
    + (
        _change_nodes,
        _change_nodes,
        _change_file,
    )
)


def change(chance: random.Random, data: bytes) -> bytes:
    """Change one to three things in a packed model."""
    try:
        text, model = unpack(data)
        card, entries = json.loads(text), Entries.read(model)
    except Exception:  # noqa: BLE001 (whatever damage did to it)
        return damaged(chance, data)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        try:
            if chance.random() < 0.1:
                _change_card(chance, card)
            else:
                chance.choice(CHANGES)(chance, entries)
        except Exception:  # noqa: BLE001 (changed before into what cannot be changed so)
            continue
    return pack(card, entries)


def seeds() -> list[bytes]:
    """One model of each predictor."""
    return [small_model(name) for name in PREDICTORS]


PROCESS = Process()
atexit.register(PROCESS.close)


def check(folder: Path, data: bytes) -> str:
    """Use the model; it is refused, or predicts finite numbers."""
    write(folder / "models", data)
    return {"predicted": "rows"}.get(ending := PROCESS.ending(folder / "models"), ending)


READERS = [Reader("model", seeds, change, check)]
