"""Devices and robustness as published: the values of the files, in the warehouse's units."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

import mbml
from mbml.searches.problem import search_problem
from mbml.sources.tables.measurements import read_devices, read_robustness
from mbml.sources.tables.proxies import read_proxies
from mbml.sources.tables.table import open_tables
from mbml.spaces import nasbench201
from mbml.store import ingest
from mbml.store.checks import run_checks
from mbml.store.measurements import ingest_measurements
from mbml.store.proxies import ingest_proxies
from mbml.store.verify import verify

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

EVERYTHING = "everything_nasbench201_cifar10"


@pytest.fixture(scope="module")
def held(new_warehouse, real_data, tmp_path_factory):
    """All cells with devices, robustness and proxies on CIFAR-10."""
    with new_warehouse(tmp_path_factory.mktemp("held") / "w.duckdb") as warehouse:
        [source] = open_tables(real_data / "nasbench201" / "measurements.parquet")
        ingest(warehouse, source)
        devices = real_data / "devices"
        ingest_measurements(warehouse, read_devices(devices / "hw_nas_bench.parquet"))
        for file in sorted((devices / "help").iterdir()):
            ingest_measurements(warehouse, read_devices(file, dataset="cifar10"))
        attacks = real_data / "robustness" / "robustness_cifar10.parquet"
        ingest_measurements(warehouse, read_robustness(attacks, dataset="cifar10"))
        proxies = real_data / "nasbench201" / "zero_cost_proxies_cifar10.parquet"
        ingest_proxies(warehouse, read_proxies(proxies, dataset="cifar10"))
        run_checks(warehouse)
        yield warehouse


def test_the_first_cell_on_the_edge_gpu(held):
    [row] = held.rows(
        "select edgegpu_latency_seconds, edgegpu_energy_joules"
        f" from {EVERYTHING} where arch_index = 0"
    )
    assert row == (0.005807418537139893, 0.024226614330768584)


def test_each_value_is_that_of_the_file(held, real_data):
    given = pl.read_parquet(real_data / "devices" / "hw_nas_bench.parquet")
    given = given.filter(pl.col("dataset") == "cifar10")
    shown = held.frame(f"from {EVERYTHING} order by arch_index")
    for column, unit in (("latency", "seconds"), ("energy", "joules")):
        for device in ("edgegpu", "eyeriss", "fpga"):
            exact = [float(Decimal(repr(one)).scaleb(-3)) for one in given[f"{device}_{column}"]]
            assert shown[f"{device}_{column}_{unit}"].to_list() == exact
    attacks = pl.read_parquet(real_data / "robustness" / "robustness_cifar10.parquet")
    keys = [nasbench201_key(net) for net in attacks["net"]]
    for theirs, ours in (
        ("fgsm@Linf_eps-1.0", "fgsm_linf_eps_1_accuracy"),
        ("aa_apgd-ce@Linf_eps-0.5", "aa_apgd_ce_linf_eps_0_5_accuracy"),
        ("pgd@Linf_eps-8.0", "pgd_linf_eps_8_accuracy"),
    ):
        exact = [float(Decimal(repr(one)).scaleb(-2)) for one in attacks[theirs]]
        by_key = dict(zip(shown["arch_key"], shown[ours], strict=True))
        assert [by_key[key] for key in keys] == exact


def nasbench201_key(net):
    names = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
    a, b, c, d, e, f = (names[int(one)] for one in net.strip("()").split(", "))
    return f"|{a}~0|+|{b}~0|{d}~1|+|{c}~0|{e}~1|{f}~2|"


def test_a_value_of_help_that_hw_nas_bench_has_is_held_once(held):
    assert held.rows(
        "select device, len(source_ids), count(*) from device_measurement"
        " where dataset = 'cifar10' and device in ('pixel3', 'raspi4', 'rtx_2080ti')"
        " group by all order by all"
    ) == [("pixel3", 2, 15_625), ("raspi4", 2, 15_625), ("rtx_2080ti", 1, 15_625)]


def test_what_the_edge_tpu_does_not_support_is_counted(held):
    assert held.rows(
        "select dataset, count(*) from device_measurement where device = 'edgetpu'"
        " and latency_seconds is null group by all order by all"
    ) == [("cifar10", 4_699), ("cifar100", 4_699)]
    found = {one.subject: one.found for one in verify(held)}
    assert found["device_does_not_support_cell"] == 2 * 4_699
    [(shown,)] = held.rows(f"select count(edgetpu_latency_seconds) from {EVERYTHING}")
    assert shown == nasbench201.SIZE - 4_699


def test_the_front_of_accuracy_and_latency_on_the_pixel_3(held):
    front = mbml.pareto(
        held, EVERYTHING, minimise=["pixel3_latency_seconds"], maximise=["valid_accuracy"]
    )
    assert (front.rows.height, front.compared.height, front.without_value) == (55, 15_625, 0)
    assert front.hypervolume == pytest.approx(0.962458, abs=1e-6)
    seconds, accuracies = front.compared.to_numpy().T
    for second, accuracy in front.rows.select(front.compared.columns).iter_rows():
        as_good = (seconds <= second) & (accuracies >= accuracy)
        assert as_good.sum() == 1


def test_a_search_within_what_a_raspberry_pi_can_run(held):
    problem = search_problem(
        held,
        "meta_nasbench201_cifar10valid_200epochs",
        budget=mbml.Budget(100),
        objectives=("pixel3_latency_seconds",),
        where="raspi4_latency_seconds < 0.02",
    )
    assert (len(problem.candidates), problem.not_satisfied, problem.undecided) == (4_901, 10_724, 0)
    slow = "edgetpu_latency_seconds < 1"
    problem = search_problem(held, EVERYTHING, budget=mbml.Budget(100), where=slow)
    assert (len(problem.candidates), problem.undecided) == (10_926, 4_699)


def test_fifty_cells_tell_the_latency_of_all_others(held):
    report = mbml.train(
        held,
        "device_nasbench201_cifar10",
        target="pixel3_latency_seconds",
        predictor="gp",
        features="published_onehot",
        train_size=50,
    )
    assert report.scores["spearman_rho"] > 0.85
