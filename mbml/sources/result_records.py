"""The record dictionary that NAS-Bench-201 and NATS-Bench share, checked key by key.

A record holds, by schedule, the `ArchResults` state (5 keys) of one architecture, with one
`ResultsCount` state (16 keys) for each data set and seed. What is not as the benchmark writes it is
refused with the path of its keys; which seeds and epochs there are is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from mbml.sources.pickle_values import KeyList, Series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: Epochs of each schedule, by the key under which a record holds it.
SCHEDULES: Final = {"full": 200, "less": 12, "200": 200, "12": 12, "01": 1, "90": 90}

#: What a split's numbers are in the warehouse, by data set (`ori-test` of the last two is
#: validation and test images together).
SPLITS: Final[dict[str, dict[str, str]]] = {
    "cifar10": {"ori-test": "test"},
    "cifar10-valid": {"x-valid": "valid", "ori-test": "test"},
    "cifar100": {"x-valid": "valid", "x-test": "test", "ori-test": "valid_test"},
    "ImageNet16-120": {"x-valid": "valid", "x-test": "test", "ori-test": "valid_test"},
}

_STATE_KEYS: Final = frozenset(
    {"arch_index", "arch_str", "all_results", "dataset_seed", "clear_net_done"}
)
_RUN_KEYS: Final = frozenset(
    {
        "name",
        "train_acc1es",
        "train_acc5es",
        "train_losses",
        "train_times",
        "arch_config",
        "params",
        "flop",
        "seed",
        "epochs",
        "latency",
        "eval_names",
        "eval_acc1es",
        "eval_times",
        "eval_losses",
        "net_state_dict",
    }
)
_TRAIN: Final = (
    ("train_accuracy", "train_acc1es"),
    ("train_top5_accuracy", "train_acc5es"),
    ("train_loss", "train_losses"),
    ("train_seconds", "train_times"),
)
_EVAL: Final = (("accuracy", "eval_acc1es"), ("loss", "eval_losses"), ("seconds", "eval_times"))
_T = TypeVar("_T")
_MILLION = 1e6
_SEEDS = 1 << 16


class RecordFaultError(Exception):
    """A record that is not as the benchmark writes it: path of keys, what was found."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")


@dataclass(frozen=True, slots=True)
class Points:
    """Numbers after single epochs.

    Attributes
    ----------
    epochs
        Epochs counted from 0, shape (points,).
    values
        As in the file, shape (points,).
    in_order
        Whether the epochs are 0, 1, 2, ... without a gap.
    """

    epochs: NDArray[np.intp]
    values: NDArray[np.float64]
    in_order: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One training: a checked `ResultsCount` state.

    Attributes
    ----------
    dataset, seed, epochs
        Which training it is.
    parameters, flops
        Counts.
    latency
        Mean of the positive measurements in seconds; None if there are none.
    curves
        Name of a measurement such as `valid_loss`, and its points: accuracies in percent, seconds
        of the single epoch.
    """

    dataset: str
    seed: int
    epochs: int
    parameters: int
    flops: int
    latency: float | None
    curves: list[tuple[str, Points]]


def check_state(state: object, schedule: str) -> tuple[int, str]:
    """Check an `ArchResults` state but for its runs; return its index and architecture string.

    Raises
    ------
    RecordFaultError
        If a key is missing or unknown, or its value of another type.
    """
    where = ascii(schedule)
    state = _keyed(state, _STATE_KEYS, where)
    index = _typed(state, "arch_index", int, where)
    text = _typed(state, "arch_str", str, where)
    _typed(state, "clear_net_done", bool, where)
    results = _typed(state, "all_results", dict, where)
    seeds: dict[str, list[int]] = {}
    for key in results:
        match key:
            case (str(dataset), int(seed)) if dataset in SPLITS and 0 <= seed < _SEEDS:
                seeds.setdefault(dataset, []).append(seed)
            case _:
                raise RecordFaultError(
                    f"{where}/all_results", f"key {ascii(key)[:80]} is no data set and seed"
                )
    listed = _typed(state, "dataset_seed", dict, where)
    if listed.keys() != seeds.keys():
        raise RecordFaultError(f"{where}/dataset_seed", "it lists other data sets than all_results")
    for dataset, found in seeds.items():
        if listed[dataset] != sorted(found):
            raise RecordFaultError(
                f"{where}/dataset_seed/{dataset}",
                f"it is not the sorted list of the seeds in all_results, {sorted(found)}",
            )
    return index, text


def runs_of(state: object, schedule: str, text: str) -> Iterator[Run]:
    """Check and give the runs of a checked state, in file order.

    Raises
    ------
    RecordFaultError
        At the first fault.
    """
    for key, result in _keyed(state, _STATE_KEYS, ascii(schedule))["all_results"].items():
        dataset, seed = key
        where = f"{schedule!a}/all_results/({dataset!a}, {seed})"
        yield _run(result, dataset, seed, SCHEDULES[schedule], text, where)


def _run(result: object, dataset: str, seed: int, epochs: int, text: str, where: str) -> Run:
    result = _keyed(result, _RUN_KEYS, where)
    _check_names(result, dataset, seed, epochs, text, where)
    return Run(
        dataset,
        seed,
        epochs,
        _count(result["params"], 32, f"{where}/params"),
        _count(result["flop"], 63, f"{where}/flop"),
        _latency(result["latency"], f"{where}/latency"),
        [*_train_curves(result, epochs, where), *_eval_curves(result, dataset, epochs, where)],
    )


def _check_names(
    result: dict[str, Any], dataset: str, seed: int, epochs: int, text: str, where: str
) -> None:
    if result["name"] != dataset:
        raise RecordFaultError(f"{where}/name", f"it is not {dataset!a}")
    if result["seed"] != f"{seed:04d}":
        raise RecordFaultError(f"{where}/seed", f"it is not '{seed:04d}'")
    if type(result["epochs"]) is not int or result["epochs"] != epochs:
        raise RecordFaultError(f"{where}/epochs", f"it is not {epochs}")
    if result["net_state_dict"] is not None:
        raise RecordFaultError(f"{where}/net_state_dict", "it is not None: weights are not read")
    config = result["arch_config"]
    if type(config) is not dict or config.get("arch_str") != text:
        raise RecordFaultError(f"{where}/arch_config", "it is not that of the architecture")


def _train_curves(result: dict[str, Any], epochs: int, where: str) -> Iterator[tuple[str, Points]]:
    for name, key in _TRAIN:
        points = _by_epoch(result[key], epochs, f"{where}/{key}")
        if points is not None:
            yield name, points


def _eval_curves(
    result: dict[str, Any], dataset: str, epochs: int, where: str
) -> Iterator[tuple[str, Points]]:
    names = result["eval_names"]
    if type(names) is not list or any(type(one) is not str for one in names):
        raise RecordFaultError(f"{where}/eval_names", "it is not a list of texts")
    for suffix, key in _EVAL:
        for split, points in _by_split(result[key], epochs, f"{where}/{key}"):
            if split not in names:
                raise RecordFaultError(f"{where}/{key}", f"split {split!a} is not in eval_names")
            role = SPLITS[dataset].get(split)
            if role is None:
                raise RecordFaultError(f"{where}/{key}", f"{dataset} has no split {split!a}")
            yield f"{role}_{suffix}", points


def _keyed(value: object, expected: frozenset[str], where: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise RecordFaultError(where, f"it is a {type(value).__name__}, not a dict")
    if value.keys() != expected:
        odd = sorted(map(ascii, value.keys() ^ expected))[:4]
        raise RecordFaultError(where, "its keys are not the benchmark's: " + ", ".join(odd))
    return value


def _typed(state: dict[str, Any], key: str, kind: type[_T], where: str) -> _T:
    value: _T = state[key]
    if type(value) is not kind:
        raise RecordFaultError(
            f"{where}/{key}", f"it is a {type(value).__name__}, not a {kind.__name__}"
        )
    return value


def _count(value: object, bits: int, where: str) -> int:
    """Turn millions into a count."""
    if type(value) is not float or not 0 <= value < inf:
        raise RecordFaultError(where, "it is not a number of millions")
    count = round(value * _MILLION)
    if count >> bits:
        raise RecordFaultError(where, f"{count} is too large a count")
    return count


def _latency(value: object, where: str) -> float | None:
    if value is None:
        return None
    if type(value) is not list:
        raise RecordFaultError(where, f"it is a {type(value).__name__}, not a list")
    positive = []
    for one in value:
        if one is None:
            continue
        if type(one) not in {float, int} or not -inf < one < inf:
            raise RecordFaultError(where, "it holds what is not a finite number")
        if one > 0:
            positive.append(one)
    return sum(positive) / len(positive) if positive else None


def _pairs(value: object, where: str) -> tuple[KeyList, NDArray[np.float64]] | None:
    """Return a dictionary of numbers as its keys and its values."""
    if type(value) is Series:
        return value.keys_in_order, value.values_in_order
    if value is None:
        return None
    if type(value) is not dict:
        raise RecordFaultError(where, f"it is a {type(value).__name__}, not a dict")
    if any(type(one) is not float for one in value.values()):
        raise RecordFaultError(where, "it holds what is not a float")
    if any(type(key) is not int and type(key) is not str for key in value):
        raise RecordFaultError(where, "a key is neither a text nor an integer")
    return KeyList(value), np.fromiter(value.values(), np.float64, len(value))


def _by_epoch(value: object, epochs: int, where: str) -> Points | None:
    pairs = _pairs(value, where)
    if pairs is None or not len(pairs[0]):
        return None
    keys, values = pairs
    plan = _epoch_plan(keys)
    if plan is None or plan[1] >= epochs:
        raise RecordFaultError(where, f"a key is not an epoch from 0 to {epochs - 1}")
    return Points(plan[0], values, plan[2])


@lru_cache(maxsize=64)
def _epoch_plan(keys: KeyList) -> tuple[NDArray[np.intp], int, bool] | None:
    """Return epochs, the last of them, and whether they run from 0 without a gap."""
    epochs = []
    for key in keys.texts:
        if type(key) is not int or not 0 <= key < 1 << 20:
            return None
        epochs.append(key)
    return np.array(epochs, np.intp), max(epochs), epochs == list(range(len(epochs)))


def _by_split(value: object, epochs: int, where: str) -> Iterator[tuple[str, Points]]:
    pairs = _pairs(value, where)
    if pairs is None or not len(pairs[0]):
        return
    keys, values = pairs
    plan = _split_plan(keys)
    if plan is None:
        raise RecordFaultError(where, "a key is not of the form split@epoch")
    for split, places, found, last, in_order in plan:
        if last >= epochs:
            raise RecordFaultError(where, f"split {split!a} has epoch {last} of {epochs}")
        yield split, Points(found, values[places], in_order)


_Plan = list["tuple[str, slice | NDArray[np.intp], NDArray[np.intp], int, bool]"]


@lru_cache(maxsize=64)
def _split_plan(keys: KeyList) -> _Plan | None:
    """Return for each split its places among the keys, its epochs, the last, and their order."""
    places: dict[str, list[int]] = {}
    epochs: dict[str, list[int]] = {}
    for place, key in enumerate(keys.texts):
        split, at, epoch = str(key).partition("@")
        if not at or not epoch.isascii() or not epoch.isdigit() or len(epoch) > 6:
            return None
        if epoch != str(int(epoch)):
            return None
        places.setdefault(split, []).append(place)
        epochs.setdefault(split, []).append(int(epoch))
    plan: _Plan = []
    for split, found in epochs.items():
        first, count = places[split][0], len(found)
        side_by_side = places[split] == list(range(first, first + count))
        where = slice(first, first + count) if side_by_side else np.array(places[split], np.intp)
        in_order = found == list(range(count))
        plan.append((split, where, np.array(found, np.intp), max(found), in_order))
    return plan
