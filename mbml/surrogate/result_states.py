"""`ArchResults` states of invented trainings, written with the opcodes of the genuine files.

A run of 12 epochs (and any of the size space) is evaluated on every split after every epoch and
shares its keys between its dictionaries; a run of 200 epochs is evaluated on its main split after
every epoch, on the others at the end, creates each key anew, and has times for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from mbml.spaces import natsbench_sss
from mbml.surrogate.result_curves import (
    CURVE_DATASETS,
    CURVE_SPLITS,
    Finals,
    Network,
    accuracy_curve,
    eval_seconds,
    final_accuracies,
    latency,
    loss_curve,
    train_seconds,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mbml.surrogate.pickle_writer import PickleWriter

#: The split that a 200-epoch run is evaluated on after every epoch.
_MAIN: Final = {
    "cifar10-valid": "x-valid",
    "cifar10": "ori-test",
    "cifar100": "ori-test",
    "ImageNet16-120": "ori-test",
}
_LONG: Final = 200


@dataclass(frozen=True, slots=True)
class Schedule:
    """One kind of training.

    Attributes
    ----------
    epochs
        Its length.
    runs
        Data sets and seeds, in file order.
    """

    epochs: int
    runs: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class StateSpace:
    """What differs between the two search spaces.

    Attributes
    ----------
    is_size
        Whether it is the size space.
    base_seconds
        Seconds of a training epoch of the smallest net.
    """

    is_size: bool
    base_seconds: float


def write_state(
    writer: PickleWriter,
    network: Network,
    schedule: Schedule,
    space: StateSpace,
    text_index: int | None,
    chance: np.random.Generator,
) -> int:
    """Write an `ArchResults` state.

    Parameters
    ----------
    writer
        Where to.
    network
        The architecture.
    schedule, space
        What to invent.
    text_index
        Memo index of the architecture string where it was written before.
    chance
        The architecture's source of chance.

    Returns
    -------
    int
        Memo index of the architecture string.
    """
    writer.begin_dict()
    writer.name("arch_index")
    writer.integer(network.index)
    writer.name("arch_str")
    if text_index is None:
        text_index = writer.text(network.text)
    else:
        writer.get(text_index)
    writer.name("all_results")
    writer.begin_dict()
    has_wrong_counts = schedule.epochs == _LONG and chance.random() < 0.01
    for dataset, seed in schedule.runs:
        writer.name(dataset)
        writer.integer(seed)
        writer.raw(b"\x86")
        writer.put()
        factor = 1.5 if has_wrong_counts and seed != 888 else 1.0
        _write_run(
            writer, network, (dataset, seed), schedule.epochs, space, text_index, factor, chance
        )
    # A pickler ends a dictionary of one item, which needs no mark, with SETITEM.
    writer.raw(b"u")
    writer.name("dataset_seed")
    writer.begin_dict()
    for dataset in dict.fromkeys(dataset for dataset, _ in schedule.runs):
        writer.name(dataset)
        writer.list_of(sorted(seed for name, seed in schedule.runs if name == dataset))
    writer.raw(b"u")
    writer.name("clear_net_done")
    writer.raw(b"\x88u")
    return text_index


def _write_run(
    writer: PickleWriter,
    network: Network,
    key: tuple[str, int],
    epochs: int,
    space: StateSpace,
    text_index: int,
    factor: float,
    chance: np.random.Generator,
) -> None:
    dataset, seed = key
    classes = CURVE_DATASETS[dataset][0]
    finals = final_accuracies(network, dataset, epochs, chance)
    train = accuracy_curve(chance, finals.train, dataset, epochs, "train")
    seconds = train_seconds(network, dataset, space.base_seconds)
    writer.begin_dict()
    writer.name("name")
    writer.name(dataset)
    writer.name("train_acc1es")
    writer.epochs(train)
    writer.name("train_acc5es")
    if epochs == _LONG:
        writer.raw(b"N")
    else:
        writer.epochs(np.minimum(train + (100 - train) * 0.55, 100.0))
    writer.name("train_losses")
    writer.epochs(loss_curve(chance, train, classes))
    writer.name("train_times")
    writer.epochs(np.full(epochs, seconds), ordered=True)
    writer.name("arch_config")
    _write_config(writer, classes, space, text_index)
    parameters, flops = network.costs[dataset]
    writer.name("params")
    writer.numpy_double(round(parameters * factor) / 1e6)
    writer.name("flop")
    writer.double(round(flops * factor) / 1e6)
    writer.name("seed")
    writer.text(f"{seed:04d}")
    writer.name("epochs")
    writer.integer(epochs)
    writer.name("latency")
    writer.raw(b"]")
    writer.put()
    writer.numpy_double(latency(network) * (1 + 0.001 * len(dataset)))
    writer.raw(b"a")
    _write_evaluations(writer, dataset, epochs, (finals, seconds), chance)
    writer.name("net_state_dict")
    writer.raw(b"Nu")


def _write_config(writer: PickleWriter, classes: int, space: StateSpace, text_index: int) -> None:
    writer.begin_dict()
    if space.is_size:
        writer.name("name")
        writer.name("infer.shape.tiny")
        writer.name("channels")
        writer.get(text_index)
        writer.name("arch_str")
        writer.get(text_index)
        writer.name("genotype")
        writer.name(natsbench_sss.GENOTYPE)
    else:
        writer.name("channel")
        writer.integer(16)
        writer.name("num_cells")
        writer.integer(5)
        writer.name("arch_str")
        writer.get(text_index)
    writer.name("class_num")
    writer.integer(classes)
    writer.raw(b"u")


def _write_evaluations(
    writer: PickleWriter,
    dataset: str,
    epochs: int,
    target: tuple[Finals, float],
    chance: np.random.Generator,
) -> None:
    finals, seconds = target
    classes = CURVE_DATASETS[dataset][0]
    splits = CURVE_SPLITS[dataset]
    main = _MAIN[dataset]
    names = sorted(splits, key=lambda name: name != main) if epochs == _LONG else list(splits)
    curves: list[NDArray[np.float64]] = []
    for name in names:
        curve = accuracy_curve(chance, finals.splits[name], dataset, epochs, name)
        curves.append(curve if epochs != _LONG or name == main else curve[-1:])
    accuracies = np.concatenate(curves)
    losses = loss_curve(chance, accuracies, classes)
    times = np.concatenate(
        [np.full(epochs, eval_seconds(seconds, dataset, images)) for images in splits.values()]
    )
    writer.name("eval_names")
    writer.list_of(names)
    writer.name("eval_acc1es")
    keys = _keys(tuple(names), epochs, epochs == _LONG)
    first = writer.keyed(keys, accuracies)
    writer.name("eval_times")
    if epochs == _LONG:
        writer.keyed(_keys(tuple(splits), epochs, only_last=False), times)
        writer.name("eval_losses")
        writer.keyed(keys, losses)
    else:
        writer.keyed_again(first, times)
        writer.name("eval_losses")
        writer.keyed_again(first, losses)


@lru_cache(maxsize=64)
def _keys(names: tuple[str, ...], epochs: int, only_last: bool) -> tuple[str, ...]:  # noqa: FBT001
    """Return the keys split by split; if `only_last`, of all but the first split the last one."""
    keys = []
    for place, name in enumerate(names):
        start = epochs - 1 if only_last and place else 0
        keys += [f"{name}@{epoch}" for epoch in range(start, epochs)]
    return tuple(keys)
