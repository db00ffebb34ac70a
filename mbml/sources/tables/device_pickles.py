"""Pickles of devices' measurements as tables: HW-NAS-Bench's, and the torch files of HELP.

HW-NAS-Bench is a dictionary, ``["nasbench201"][dataset][metric][index]``, with the networks'
settings in ``config`` and another search space in ``fbnet`` beside. No original was at hand. A file
of HELP is a list of milliseconds, one a cell in the official order, and its name is the device's.
Nothing is unpickled.

Sources of the layouts: https://github.com/GATECH-EIC/HW-NAS-Bench, its API;
https://github.com/HayeonLee/HELP, its loader.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import polars as pl

from mbml.errors import SourceError
from mbml.sources.pickles.limits import Limits
from mbml.sources.pickles.torch_pickle import open_torch
from mbml.sources.pickles.values import NumberArray, summary_of
from mbml.sources.tables.layouts import DEVICE
from mbml.spaces import nasbench201

if TYPE_CHECKING:
    from pathlib import Path

#: Three data sets of ten metrics, and the settings of each network.
_LIMITS: Final = Limits(steps=5_000_000)
_SPACE: Final = "nasbench201"
#: Files of HELP whose last number is that of the images in a batch; in others it names a model.
_BATCHED: Final = re.compile(r"(1080ti|2080ti|titan_rtx|titanx|titanxp)_([0-9]+)")
#: No column of a table should begin with a digit.
_SPELLINGS: Final = {"1080ti": "gtx_1080ti", "2080ti": "rtx_2080ti"}
#: So many entries that are left out are named.
_SHOWN: Final = 4
#: A dictionary, and the name of one of its two search spaces, in any protocol.
_HEAD: Final = re.compile(rb"[\x80(}].{0,40}?(nasbench201|fbnet)[\x94q\nr]", re.DOTALL)
_DEVICE: Final = re.compile(r"[a-z][a-z0-9_]*")


def begins_as_hw_nas_bench(head: bytes) -> bool:
    """Tell by its first bytes whether a file is the pickle of HW-NAS-Bench: by its first key."""
    return _HEAD.match(head) is not None


def read_device_pickle(path: Path, notes: list[str]) -> tuple[str, pl.LazyFrame]:
    """Read a pickle as a table with a row a cell and data set.

    Parameters
    ----------
    path
        The file. Of HELP's, its name tells the device.
    notes
        Takes what a user should know.

    Returns
    -------
    tuple of str and polars.LazyFrame
        `hw_nas_bench` or `help`; columns `arch_index`, of HW-NAS-Bench `dataset`, and one for each
        metric, such as `pixel3_latency`, in the units of the file.

    Raises
    ------
    SourceError
        The file is damaged, hostile, or neither of the two; a list has not a value for each cell;
        or a value is neither -1 nor a finite number from 0 on.
    """
    content = read_content(path)
    if isinstance(content, list):
        name = _help_column(path, notes)
        return "help", _table({name: _values(path, "", content)}).lazy()
    if isinstance(content, dict) and isinstance(content.get(_SPACE), dict):
        return "hw_nas_bench", _hw_nas_bench(path, content[_SPACE], notes).lazy()
    problem = f"holds {summary_of(content)}, expected a list of latencies, or HW-NAS-Bench"
    raise SourceError(path, "", problem)


def read_content(path: Path) -> object:
    """Read the pickle in a file as plain values, within limits."""
    opened = open_torch(path, limits=_LIMITS)
    try:
        for _ in opened.records():
            pass
        return opened.machine.result
    finally:
        opened.close()


def _hw_nas_bench(path: Path, datasets: dict[object, object], notes: list[str]) -> pl.DataFrame:
    parts, left_out = [], ["fbnet"]
    for dataset, metrics in datasets.items():
        place = f"['{_SPACE}'][{summary_of(dataset)}]"
        if not isinstance(dataset, str) or not isinstance(metrics, dict):
            left_out.append(place)
            continue
        columns = {}
        for metric, values in metrics.items():
            if isinstance(metric, str) and DEVICE.fullmatch(metric):
                columns[metric] = _values(path, f"{place}['{metric}']", values)
            else:
                left_out.append(f"{place}[{summary_of(metric)}]")
        _check_config(path, f"{place}['config']", metrics.get("config"))
        if columns:
            parts.append(_table(columns).with_columns(dataset=pl.lit(dataset)))
    if not parts:
        raise SourceError(path, f"['{_SPACE}']", "holds no latency or energy of a data set")
    more = f" and {len(left_out) - _SHOWN:,} more" if len(left_out) > _SHOWN else ""
    notes.append(f"HW-NAS-Bench: left out are {', '.join(left_out[:_SHOWN])}{more}")
    return pl.concat(parts, how="diagonal")


def _table(columns: dict[str, list[float]]) -> pl.DataFrame:
    index = pl.Series("arch_index", range(nasbench201.SIZE), dtype=pl.UInt32)
    return pl.DataFrame([index, *(pl.Series(name, one) for name, one in columns.items())])


def _values(path: Path, place: str, values: object) -> list[float]:
    """Return numbers, one a cell; the message of an error has the index of the first fault."""
    if isinstance(values, NumberArray) and len(values.shape) == 1:
        values = values.numbers().tolist()
    if not isinstance(values, list):
        raise SourceError(path, place, f"is {summary_of(values)}, expected a list of numbers")
    if len(values) != nasbench201.SIZE:
        problem = (
            f"holds {len(values):,} values, expected {nasbench201.SIZE:,}: one for each cell of"
            " NAS-Bench-201 in its official order"
        )
        raise SourceError(path, place, problem)
    for index, value in enumerate(values):
        if type(value) not in (int, float) or not (
            value == -1 or (0 <= value < 2**63 and float(value) == value)
        ):
            problem = f"expected a number, 0 or more, or -1 (not supported), got {_shown(value)}"
            raise SourceError(path, f"{place}[{index}]", problem)
    return [float(value) for value in values]


def _shown(value: object) -> str:
    return repr(value) if type(value) is float else summary_of(value)


def _check_config(path: Path, place: str, configs: object) -> None:
    """Refuse networks in another order than the official one, where their cells are told."""
    if not isinstance(configs, list):
        return
    order = nasbench201.official_order()
    for index, (config, text) in enumerate(zip(configs, order, strict=False)):
        told = config.get("arch_str") if isinstance(config, dict) else None
        if isinstance(told, str) and told != text:
            problem = f"is another cell than {index} of the official order"
            raise SourceError(path, f"{place}[{index}]", problem)


def _help_column(path: Path, notes: list[str]) -> str:
    name = path.name.lower().partition(".")[0]
    batched = _BATCHED.fullmatch(name)
    if batched is not None:
        device, batch = batched.groups()
        device = _SPELLINGS.get(device, device)
        notes.append(f"latencies in milliseconds of {device}, for a batch of {batch}, by its name")
        return f"{device}_batch_{batch}_latency"
    if not _DEVICE.fullmatch(name):
        problem = f"its name {path.name!r} does not tell the device of its latencies"
        raise SourceError(path, "", problem, "Name the file for the device, such as pixel3.pt.")
    notes.append(f"latencies in milliseconds of {name}, by its name; it tells no batch size")
    return f"{name}_latency"
