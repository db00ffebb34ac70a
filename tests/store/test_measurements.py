"""Loads of devices and of robustness: what is held afterwards, and what contradicts it."""

from __future__ import annotations

import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.citations import citations
from mbml.errors import UsageError
from mbml.sources.tables.measurements import read_devices, read_robustness
from mbml.sources.tables.proxies import read_proxies
from mbml.spaces import nasbench201
from mbml.store.measurements import ingest_measurements
from mbml.store.proxies import ingest_proxies

CELLS = nasbench201.official_order()
DEVICES = "device_nasbench201_cifar10"


@pytest.fixture
def measured(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(4, dataset="cifar10-valid"), tmp_path / "m.parquet")
    return warehouse


@pytest.fixture
def load(measured, tmp_path):
    """Load columns of the first cells from a CSV file of a name."""

    def run(name="a", *, replace=False, cells=4, **columns):
        frame = pl.DataFrame({"arch_index": range(cells)}).with_columns(
            **{one: pl.Series(values) for one, values in columns.items()}
        )
        path = tmp_path / f"{name}.csv"
        frame.write_csv(path)
        read = read_robustness if "@" in "".join(columns) else read_devices
        return ingest_measurements(measured, read(path, dataset="cifar10"), replace=replace)

    return run


def held(warehouse):
    return warehouse.rows(
        "select arch_id, device, batch_size, latency_seconds, energy_joules, source_ids"
        " from device_measurement order by all"
    )


def test_a_value_of_two_publications_is_held_once_with_both(load, measured):
    load("hw", pixel3_latency=[1, 2, 3, -1], pixel3_energy=[5, 6, 7, -1])
    report = load("help", pixel3_latency=[1, 2], cells=2)
    assert (report.source_id, report.held_before, report.already_loaded) == (3, 2, False)
    assert held(measured) == [
        (0, "pixel3", None, 0.001, 0.005, [2, 3]),
        (1, "pixel3", None, 0.002, 0.006, [2, 3]),
        (2, "pixel3", None, 0.003, 0.007, [2]),
        (3, "pixel3", None, None, None, [2]),
    ]
    again = load("help", pixel3_latency=[1, 2], cells=2)
    assert (again.source_id, again.already_loaded) == (3, True)


def test_what_one_source_lacks_another_adds(load, measured):
    load("a", fpga_latency=[1, 2, 3, 4])
    load("b", fpga_energy=[5, 6], cells=2)
    assert held(measured)[1:3] == [
        (1, "fpga", None, 0.002, 0.006, [2, 3]),
        (2, "fpga", None, 0.003, None, [2]),
    ]
    assert measured.rows(f"select fpga_energy_joules from {DEVICES} order by arch_id")[0] == (
        0.005,
    )


@pytest.mark.parametrize(
    ("latency", "said"),
    [
        ([1.0, 2.5, 3.0, -1.0], "1 of its .* latency_seconds of .*pixel3: 0.0025 here, 0.002 held"),
        ([1.0, 2.0, -1.0, -1.0], "1 of its .* latency_seconds .*: not supported here, 0.003 held"),
        ([1.0, 2.0, 3.0, 4.0], "1 of its .* latency_seconds .*: 0.004 here, held as not supported"),
    ],
    ids=["value", "not supported", "supported"],
)
def test_another_value_is_refused_unless_it_takes_the_place(load, measured, latency, said):
    load("a", pixel3_latency=[1.0, 2.0, 3.0, -1.0])
    before = held(measured)
    with pytest.raises(UsageError, match=said):
        load("b", pixel3_latency=latency)
    assert held(measured) == before
    assert measured.rows("select count(*) from source") == [(2,)]
    load("b", pixel3_latency=latency, replace=True)
    after = held(measured)
    assert [row[3] for row in after] == [None if one < 0 else one / 1000 for one in latency]
    changed = [new[5] for new, old in zip(after, before, strict=True) if new[3] != old[3]]
    assert changed == [[3]]
    shown = measured.rows(f"select arch_id, pixel3_latency_seconds from {DEVICES} order by 1")
    assert shown == [(row[0], row[3]) for row in after if row[3] is not None]


def test_one_metric_that_is_not_supported_contradicts_a_held_value(load, measured):
    load("a", zed_latency=[1.0, 2.0], zed_energy=[10, -1], cells=2)
    before = held(measured)
    with pytest.raises(UsageError, match=r"latency_seconds of .*: not supported here, 0.001 hel"):
        load("b", zed_latency=[-1.0, 2.0], zed_energy=[10, -1], cells=2)
    with pytest.raises(UsageError, match=r"1 of its .* energy_joules of .*: 0.011 here, 0.01 held"):
        load("c", zed_energy=[11], cells=1)
    assert held(measured) == before
    assert load("d", zed_latency=[1.0, 2.0], zed_energy=[None, -1], cells=2).held_before == 2


def test_values_that_a_replacement_removes_are_counted(load, measured):
    load("a", edgegpu_latency=[1, 2, 3, 4], edgegpu_energy=[5, 6, 7, None])
    report = load("b", edgegpu_latency=[1, 9, 9, 9], replace=True)
    assert (report.held_before, report.replaced, report.values_removed) == (1, 3, 2)
    assert [row[4] for row in held(measured)] == [0.005, None, None, None]
    report = load("c", edgegpu_latency=[1, 9, 9, 8], edgegpu_energy=[5] * 4, replace=True)
    assert (report.replaced, report.values_removed) == (1, 0)


def test_a_batch_size_makes_another_series(load, measured):
    report = load(titan_rtx_latency=[1, 2, 3, 4], titan_rtx_batch_32_latency=[5, 6, 7, 8])
    assert (report.series, report.cells, report.measurements) == (2, 4, 8)
    assert measured.rows(
        "select titan_rtx_batch_32_latency_seconds from everything_nasbench201_cifar10"
        " order by arch_index"
    ) == [(0.005,), (0.006,), (0.007,), (0.008,)]


def test_robustness_is_held_by_attack_norm_and_epsilon(load, measured):
    columns = {"fgsm@Linf_eps-0.1": [50.0, 60.0, 70.0, None], "own@L2_eps-1": [1.0, 2.0, 3.0, 4.0]}
    report = load("a", **columns)
    assert (report.series, report.measurements, report.not_supported) == (2, 7, 0)
    view = "select fgsm_linf_eps_0_1_accuracy from robustness_nasbench201_cifar10 order by arch_id"
    assert measured.rows(view) == [(0.5,), (0.6,), (0.7,)]
    with pytest.raises(UsageError, match=r"accuracy of .*, own, L2, 1.0: 0.05 here, 0.04 held"):
        load("b", **{"own@L2_eps-1": [1.0, 2.0, 3.0, 5.0]})


def test_cells_that_are_not_held_are_counted_and_none_at_all_is_refused(load, warehouse, tmp_path):
    report = load("surrogate_a", cells=6, raspi4_latency=[None, 2, 3, 4, 5, 6])
    assert (report.cells, report.unknown_cells, report.is_surrogate) == (3, 2, True)
    [(mark,)] = warehouse.rows("select is_surrogate from source where file_name like 'surr%'")
    assert mark
    path = tmp_path / "b.csv"
    pl.DataFrame({"arch_index": [9], "raspi4_latency": [1]}).write_csv(path)
    with pytest.raises(
        UsageError, match=r"none of its 1 cells with a value is in .*load measurements of nasb"
    ):
        ingest_measurements(warehouse, read_devices(path, dataset="cifar10"))


def test_a_load_of_proxies_shows_them_beside_the_devices(load, measured, tmp_path):
    load(pixel3_latency=[1, 2, 3, 4])
    path = tmp_path / "p.csv"
    pl.DataFrame({"arch_index": [0, 1], "zen": [1.5, 2.5], "own": [1, 2]}).write_csv(path)
    ingest_proxies(measured, read_proxies(path, dataset="cifar10"))
    assert measured.rows(
        "select pixel3_latency_seconds, proxy_zen from everything_nasbench201_cifar10"
        " order by arch_index"
    ) == [(0.001, 1.5), (0.002, 2.5), (0.003, None), (0.004, None)]


def test_what_a_device_does_not_support_is_a_finding(load, measured):
    load(edgetpu_latency=[1, -1, 3, -1])
    found = {one.subject: one.found for one in measured_verdicts(measured)}
    assert found["device_does_not_support_cell"] == 2


def measured_verdicts(warehouse):
    from mbml.store.verify import verify

    return verify(warehouse)


def test_what_was_loaded_is_cited(load, measured):
    load("a", pixel3_latency=[1, 2, 3, 4])
    load("b", **{"pgd@Linf_eps-1.0": [1.0, 2.0, 3.0, 4.0]})
    text = citations(measured)
    assert "{hw_nas_bench," in text
    assert "{robustness," in text
    assert "{help," not in text
