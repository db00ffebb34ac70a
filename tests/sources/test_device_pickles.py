"""Pickles of devices: HELP's lists by the name of the file, and a surrogate of HW-NAS-Bench."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from nas_records import torch_zip

from mbml.errors import SourceError, UsageError
from mbml.sources.recognition import kind_of
from mbml.sources.tables.columns import column_options
from mbml.sources.tables.device_pickles import read_device_pickle
from mbml.sources.tables.measurements import read_devices
from mbml.spaces import nasbench201

CELLS = nasbench201.official_order()
VALUES = [(500 + index) / 1000 for index in range(nasbench201.SIZE)]


def helped(path, values=VALUES):
    path.write_bytes(torch_zip(values, 2))
    return path


def hw_nas_bench(path, protocol=4, **metrics):
    """An invented file in the layout of the original, on one data set."""
    config = [{"name": "infer.tiny", "C": 16, "arch_str": text} for text in CELLS]
    datasets = {"cifar10": {"config": config, "pixel3_latency": VALUES} | metrics}
    path.write_bytes(pickle.dumps({"nasbench201": datasets, "fbnet": {"x": [1.5]}}, protocol))
    return path


@pytest.mark.parametrize(
    ("name", "device", "batch_size"),
    [
        ("pixel3.pt", "pixel3", None),
        ("2080ti_32.pt", "rtx_2080ti", 32),
        ("essential_ph_1.pt", "essential_ph_1", None),
    ],
)
def test_a_list_of_help_is_of_the_device_that_its_name_tells(tmp_path, name, device, batch_size):
    path = helped(tmp_path / name)
    assert kind_of(path) == "devices"
    read = read_devices(path, dataset="cifar10")
    assert (read.format, read.cells, read.benchmark) == ("help", 15_625, "nasbench201")
    first, last = read.values.row(0), read.values.row(-1)
    assert first == (CELLS[0], "cifar10", device, batch_size, 0.0005, None, None)
    assert last == (CELLS[-1], "cifar10", device, batch_size, 0.016124, None, None)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (VALUES[1:], "holds 15,624 values, expected 15,625: one for each cell"),
        ([*VALUES[:7], -2.0, *VALUES[8:]], r"\[7\]: expected a number, 0 or more.*got -2.0"),
        ([float("nan"), *VALUES[1:]], r"\[0\]: expected a number, 0 or more.*got nan"),
        ([*VALUES[1:], float("inf")], r"\[15624\]: .*got inf"),
        ([*VALUES[1:], "fast"], r"\[15624\]: .*got 'fast'"),
        ([*VALUES[1:], True], r"\[15624\]: .*got "),
        ({"a": 1.5}, "holds a dict of 1 items, expected a list of latencies"),
    ],
    ids=["short", "-2", "nan", "inf", "text", "truth", "dict"],
)
def test_a_faulty_list_is_refused(tmp_path, values, said):
    with pytest.raises(SourceError, match=said):
        read_device_pickle(helped(tmp_path / "pixel3.pt", values), [])


def test_a_name_that_tells_no_device_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"'1.pt' does not tell the device.* such as pixel3.pt"):
        read_device_pickle(helped(tmp_path / "1.pt"), [])
    options = column_options(ignore="x")
    with pytest.raises(UsageError, match="in tables alone, not in pickles"):
        read_devices(tmp_path / "1.pt", options=options)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_the_pickle_of_hw_nas_bench_is_recognised(tmp_path, protocol):
    path = tmp_path / "a.pickle"
    path.write_bytes(pickle.dumps({"nasbench201": {"cifar10": {}}, "fbnet": {}}, protocol))
    assert kind_of(path) == "devices"
    path.write_bytes(pickle.dumps({"fbnet": {}, "nasbench201": {"cifar10": {}}}, protocol))
    assert kind_of(path) == "devices"


def test_a_surrogate_of_hw_nas_bench_is_read(tmp_path):
    energies = np.array(VALUES[::-1])
    path = hw_nas_bench(tmp_path / "surrogate.pickle", edgegpu_energy=energies)
    read = read_devices(path)
    assert (read.format, read.is_surrogate) == ("hw_nas_bench", True)
    assert read.values.row(0) == (CELLS[0], "cifar10", "pixel3", None, 0.0005, None, None)
    assert read.values.row(-1) == (CELLS[-1], "cifar10", "edgegpu", None, None, 0.0005, None)
    assert read.notes[0] == (
        "HW-NAS-Bench: left out are fbnet, ['nasbench201']['cifar10']['config']"
    )


def test_a_faulty_pickle_of_hw_nas_bench_is_refused(tmp_path):
    path = hw_nas_bench(tmp_path / "a.pickle", fpga_latency=VALUES[:9])
    with pytest.raises(SourceError, match=r"\['cifar10'\]\['fpga_latency'\]: holds 9 values"):
        read_device_pickle(path, [])
    config = [{"arch_str": text} for text in (CELLS[1], CELLS[0])]
    path = hw_nas_bench(tmp_path / "b.pickle", config=config)
    with pytest.raises(SourceError, match=r"\['config'\]\[0\]: is another cell than 0"):
        read_device_pickle(path, [])
    for empty in ({"cifar10": 1, 7: {}}, {"cifar10": {"arch_index": VALUES, 5: [1]}}, {}):
        path.write_bytes(pickle.dumps({"nasbench201": empty}))
        with pytest.raises(SourceError, match=r"\['nasbench201'\]: holds no latency or energy"):
            read_device_pickle(path, [])
