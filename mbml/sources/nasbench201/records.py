"""The record dictionary that NAS-Bench-201 and NATS-Bench share, checked key by key.

A record holds, by schedule, the `ArchResults` state (5 keys) of one architecture, with one
`ResultsCount` state (16 keys) for each data set and seed. What is not as the benchmark writes it is
refused with the path of its keys; which seeds and epochs there are is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from math import inf, isclose, isfinite
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mbml.sources.nasbench201.curves import Points, RecordFaultError, by_epoch, by_split
from mbml.sources.pickles.values import summary_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


#: Epochs of each schedule, by the key under which a record holds it.
SCHEDULES: Final = {"full": 200, "less": 12, "200": 200, "12": 12, "01": 1, "90": 90}

#: What a split's numbers are in the warehouse, by data set (`ori-test` of the last two is
#: validation and test images together).
RECORDED_SPLITS: Final[dict[str, dict[str, str]]] = {
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
#: Every integer of so many bits is a double.
_EXACT_BITS = 53
#: Keys, items or seeds that a message shows.
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class RecordedRun:
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
            case (str(dataset), seed) if (
                dataset in RECORDED_SPLITS and type(seed) is int and 0 <= seed < _SEEDS
            ):
                seeds.setdefault(dataset, []).append(seed)
            case _:
                raise RecordFaultError(
                    f"{where}/all_results", f"key {_shown(key)} is no data set and seed"
                )
    listed = _typed(state, "dataset_seed", dict, where)
    if listed.keys() != seeds.keys():
        raise RecordFaultError(f"{where}/dataset_seed", "it lists other data sets than all_results")
    for dataset, found in seeds.items():
        if not _is_list_of(listed[dataset], sorted(found)):
            raise RecordFaultError(
                f"{where}/dataset_seed/{dataset}",
                f"it is not the sorted list of the seeds in all_results, {sorted(found)[:_SHOWN]}",
            )
    return index, text


def _shown(key: object) -> str:
    return f"({_few(key)})" if isinstance(key, tuple) else summary_of(key)


def _few(values: Iterable[object]) -> str:
    return ", ".join(map(summary_of, islice(values, _SHOWN)))


def _is_list_of(value: object, expected: list[int]) -> bool:
    return type(value) is list and set(map(type, value)) <= {int} and value == expected


def runs_of(state: object, schedule: str, text: str) -> Iterator[RecordedRun]:
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


def _run(
    result: object, dataset: str, seed: int, epochs: int, text: str, where: str
) -> RecordedRun:
    result = _keyed(result, _RUN_KEYS, where)
    _check_names(result, dataset, seed, epochs, text, where)
    return RecordedRun(
        dataset,
        seed,
        epochs,
        count_of_millions(result["params"], 32, f"{where}/params"),
        count_of_millions(result["flop"], 63, f"{where}/flop"),
        mean_latency(result["latency"], f"{where}/latency"),
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
        points = by_epoch(result[key], epochs, f"{where}/{key}")
        if points is not None:
            yield name, points


def _eval_curves(
    result: dict[str, Any], dataset: str, epochs: int, where: str
) -> Iterator[tuple[str, Points]]:
    names = result["eval_names"]
    if type(names) is not list or any(type(one) is not str for one in names):
        raise RecordFaultError(f"{where}/eval_names", "it is not a list of texts")
    for suffix, key in _EVAL:
        for split, points in by_split(result[key], epochs, f"{where}/{key}"):
            if split not in names:
                raise RecordFaultError(
                    f"{where}/{key}", f"split {summary_of(split)} is not in eval_names"
                )
            role = RECORDED_SPLITS[dataset].get(split)
            if role is None:
                raise RecordFaultError(
                    f"{where}/{key}", f"{dataset} has no split {summary_of(split)}"
                )
            yield f"{role}_{suffix}", points


def _keyed(value: object, expected: frozenset[str], where: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise RecordFaultError(where, f"it is {summary_of(value)}, not a dict")
    if value.keys() != expected:
        differing = [
            *sorted(expected - value.keys()),
            *(key for key in value if key not in expected),
        ]
        raise RecordFaultError(where, f"its keys are not the benchmark's: {_few(differing)}")
    return value


def _typed(state: dict[str, Any], key: str, kind: type[_T], where: str) -> _T:
    value: _T = state[key]
    if type(value) is not kind:
        raise RecordFaultError(
            f"{where}/{key}", f"it is {summary_of(value)}, not a {kind.__name__}"
        )
    return value


def count_of_millions(value: object, bits: int, where: str) -> int:
    """Turn millions into a count below two to the power of `bits`.

    Raises
    ------
    RecordFaultError
        If it is no such number, or not a whole count.
    """
    if type(value) is not float or not 0 <= value < inf:
        raise RecordFaultError(where, f"it is {summary_of(value)}, not a number of millions")
    millions = value * _MILLION
    if millions >= 1 << bits or round(millions) >= 1 << bits:
        raise RecordFaultError(where, f"{value} millions are too large a count")
    count = round(millions)
    # The benchmark divided a count by a million: no more is off than the double rounds.
    if not isclose(millions, count, rel_tol=1e-12, abs_tol=1e-3):
        raise RecordFaultError(where, f"{value} millions are not a whole number")
    return count


def mean_latency(value: object, where: str) -> float | None:
    """Return the mean of the positive latencies of a list, in seconds; None if there are none.

    Raises
    ------
    RecordFaultError
        If it is neither None nor a list of finite numbers.
    """
    if value is None:
        return None
    if type(value) is not list:
        raise RecordFaultError(where, f"it is a {type(value).__name__}, not a list")
    positive = [seconds for one in value if (seconds := _seconds(one, where)) > 0]
    if not positive:
        return None
    mean = sum(positive) / len(positive)
    if mean == inf:
        raise RecordFaultError(where, "the mean of its numbers is not a finite number")
    return mean


def _seconds(value: object, where: str) -> float:
    """Return a single latency; what is not above 0 was not measured."""
    if value is None:
        return 0.0
    if type(value) is int and value.bit_length() <= _EXACT_BITS:
        return float(value)
    if type(value) is not float or not isfinite(value):
        raise RecordFaultError(where, f"it holds {summary_of(value)}, not a finite double")
    return value
