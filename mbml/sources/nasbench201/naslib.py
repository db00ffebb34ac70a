"""NASLib's pickles of NAS-Bench-201, `nb201_*_full_training.pickle`: curves by architecture string.

The file is a dictionary from architecture string to data set to lists: training accuracy and loss
after each of 200 epochs, evaluation accuracy and loss, and `cost_info`. The numbers are those of
trial 888. No original was at hand.

An evaluation list has the values of the benchmark's own dictionary in its order, without its keys:
all epochs of the split that was evaluated after each, then the last epoch of the others. So its
last value, which NASLib calls `val_accuracy`, is an accuracy on test images: on CIFAR-10 on all
10,000, on the others on the half called `x-test`. It equals trial 888's wherever it was compared.

Source of the layout: ``naslib/search_spaces/nasbench201/graph.py`` of automl/NASLib and its tests.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import numpy as np

from mbml.errors import CellError, SourceError
from mbml.sources.batch import DATASETS
from mbml.sources.containers.byte_streams import FileSlice
from mbml.sources.files import check_file
from mbml.sources.nasbench201.curves import Points, RecordFaultError
from mbml.sources.nasbench201.files import open_records
from mbml.sources.nasbench201.records import RecordedRun, count_of_millions, mean_latency
from mbml.sources.nasbench201.stream import ResultStream, identify_topology
from mbml.sources.nasbench201.tables import ResultTables
from mbml.sources.pickles.torch_pickle import ZIP_MAGIC
from mbml.sources.pickles.values import summary_of
from mbml.spaces import nasbench201
from mbml.whole_file import as_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mbml.sources.batch import Batch
    from mbml.sources.pickles.machine import PickledRecord

#: What a record may have as keys, and by which it is told from other files.
RECORD_KEYS: Final = frozenset(DATASETS)
TRIAL: Final = 888

_EPOCHS: Final = 200
_EVERY: Final = range(_EPOCHS)
_LAST: Final = range(_EPOCHS - 1, _EPOCHS)
_TEST_IS_MIXED: Final = (("valid_test", _EVERY), ("valid", _LAST), ("test", _LAST))
#: The splits of an evaluation list and their epochs, in the order of the benchmark's dictionary.
_EVALUATED: Final = {
    "cifar10-valid": (("valid", _EVERY), ("test", _LAST)),
    "cifar100": _TEST_IS_MIXED,
    "ImageNet16-120": _TEST_IS_MIXED,
}
_TRAIN: Final = (("train_accuracy", "train_acc1es"), ("train_loss", "train_losses"))
_EVAL: Final = (("accuracy", "eval_acc1es"), ("loss", "eval_losses"))


def is_of_naslib(path: Path) -> bool:
    """Tell whether a file is such a pickle, by its first record; False too if it is damaged.

    A zip of torch is none: its checksum would be computed here, and again by its reader.
    """
    try:
        with FileSlice(path) as file:
            if file.read(len(ZIP_MAGIC)) == ZIP_MAGIC:
                return False
        opened = open_records(path, RECORD_KEYS)
    except SourceError:
        return False
    with closing(opened):
        try:
            first = next(opened.records(), None)
        except SourceError:
            return False
        return first is not None and isinstance(first.key, str) and first.key.startswith("|")


class NaslibSource201:
    """NASLib's pickle of NAS-Bench-201; see `Source`.

    Of an evaluation list of exactly 200 values the last alone is taken: it is known what that is,
    and not what the others are. `train_time`, the seconds of one epoch, is not taken.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    UsageError
        The path names no file.
    SourceError
        The file is empty or not readable.
    """

    benchmark = "nasbench201"
    format = "naslib_pickle"
    release = None

    def __init__(self, path: Path | str) -> None:
        self.path = as_path(path)
        self.files: tuple[Path, ...] = (self.path,)
        check_file(self.path)

    def batches(self) -> Iterator[Batch]:
        """Read the file in bounded memory; see `Source`.

        Raises
        ------
        SourceError
            The file is damaged, hostile, or not as NASLib writes it.
        """
        stream = ResultStream(self.path)
        tables = ResultTables(self.path, identify_topology, RECORD_KEYS, nasbench201.SIZE)
        opened = open_records(self.path, RECORD_KEYS)
        try:
            for record in opened.records():
                _add(tables, record)
                if tables.batches >= 1:
                    yield stream.follow(tables.batch(tables.architectures, record.end), record.end)
            top = opened.machine.result
            if type(top) is not dict or any(one != {} for one in top.values()):
                raise SourceError(self.path, "", "it holds something else than cells by string")
            if tables.architectures:
                end = opened.machine.offset
                yield stream.follow(tables.batch(tables.architectures, end), end)
        finally:
            opened.close()


def _add(tables: ResultTables, record: PickledRecord) -> None:
    place = f"architecture {summary_of(record.key)} (bytes {record.start} to {record.end})"
    if type(record.key) is not str:
        raise SourceError(tables.path, place, "its key is not an architecture string")
    try:
        index = nasbench201.index_of(record.key)
    except CellError as fault:
        raise SourceError(tables.path, place, str(fault)) from None
    runs = (
        (_run(dataset, result), f"{place}, {dataset!a}") for dataset, result in record.value.items()
    )
    tables.add_runs(index, record.key, runs, place)


def _run(dataset: object, result: object) -> RecordedRun:
    where = f"{dataset!a}"
    if not isinstance(dataset, str) or dataset not in _EVALUATED:
        raise RecordFaultError(where, "it is not known which split its evaluations are of")
    cost = _entry(result, "cost_info", where)
    latency = _entry(cost, "latency", f"{where}/cost_info")
    return RecordedRun(
        dataset,
        TRIAL,
        _EPOCHS,
        count_of_millions(_entry(cost, "params", f"{where}/cost_info"), 32, f"{where}/params"),
        count_of_millions(_entry(cost, "flops", f"{where}/cost_info"), 63, f"{where}/flops"),
        mean_latency([latency], f"{where}/latency"),
        [*_curves(result, dataset, where)],
    )


def _curves(result: object, dataset: str, where: str) -> Iterator[tuple[str, Points]]:
    for name, key in _TRAIN:
        values = _values(_entry(result, key, where), {_EPOCHS}, f"{where}/{key}")
        yield name, _points(values, _EVERY)
    splits = _EVALUATED[dataset]
    whole = sum(len(epochs) for _, epochs in splits)
    for suffix, key in _EVAL:
        values = _values(_entry(result, key, where), {whole, _EPOCHS}, f"{where}/{key}")
        if len(values) == _EPOCHS:
            yield f"{splits[-1][0]}_{suffix}", _points(values[-1:], _LAST)
            continue
        for split, epochs in splits:
            yield f"{split}_{suffix}", _points(values[: len(epochs)], epochs)
            values = values[len(epochs) :]


def _points(values: list[float], epochs: range) -> Points:
    return Points(np.array(epochs, np.intp), np.array(values), in_order=epochs == _EVERY)


def _values(found: object, lengths: set[int], where: str) -> list[float]:
    if type(found) is not list or any(type(one) is not float for one in found):
        raise RecordFaultError(where, f"it is {summary_of(found)}, expected a list of floats")
    if len(found) not in lengths:
        expected = " or ".join(map(str, sorted(lengths)))
        raise RecordFaultError(where, f"it has {len(found)} values, expected {expected}")
    return found


def _entry(holder: object, key: str, where: str) -> object:
    if type(holder) is not dict or key not in holder:
        raise RecordFaultError(where, f"it is {summary_of(holder)}, expected a dict with {key}")
    entries: Mapping[object, object] = holder
    return entries[key]
