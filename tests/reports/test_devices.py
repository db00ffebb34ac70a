"""What a report tells of devices: fronts, predictors of latency, searches within a limit."""

import polars as pl
import pytest
from tables import load_devices, load_rows, nasbench201_rows

from mbml.predictors.evaluation import store_report
from mbml.predictors.training import train
from mbml.reports.content import Figure, Table
from mbml.reports.material import Material
from mbml.reports.sections import best, searches, sizes
from mbml.searches.search import search
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar10valid_200epochs"
CELLS = 20
SLOW = "pixel3_latency_seconds"


@pytest.fixture(scope="module")
def material(new_warehouse, tmp_path_factory):
    """Twenty cells, the later ones more accurate; every second is slow on one phone."""
    folder = tmp_path_factory.mktemp("fronts")
    path = folder / "w.duckdb"
    with new_warehouse(path) as warehouse:
        rows = nasbench201_rows(CELLS, dataset="cifar10-valid")
        load_rows(warehouse, rows, folder / "rows.parquet")
        index = pl.int_range(CELLS, eager=True)
        known = pl.DataFrame({"arch_index": index}).with_columns(
            pixel3_latency_seconds=(1 + pl.col("arch_index") + 50 * (pl.col("arch_index") % 2)),
            raspi4_latency_seconds=pl.lit(0.5),
        )
        load_devices(warehouse, "cifar10", known, folder / "devices.parquet")
    report = train(path, "device_nasbench201_cifar10", predictor="lasso", train_size=9, target=SLOW)
    store_report(path, report, split="published", caught=[], notify=print)
    search(path, VIEW, budget=3, where="pixel3_latency_seconds < 51")
    search(path, VIEW, budget=3)
    with open_warehouse(path) as warehouse:
        yield Material(warehouse)


def test_a_front_for_each_device_that_has_measurements(material):
    [section] = best.make(material)
    figures = {one.name: one for one in section.blocks if isinstance(one, Figure)}
    [rows] = figures["nasbench201_pareto_devices"].chart.to_dict()["datasets"].values()
    frame = pl.DataFrame(rows)
    assert set(frame["device"]) == {"pixel3", "raspi4"}
    fronts = frame.filter(pl.col("what").str.ends_with("test"))
    # Slow cells are beaten by the fast one before them, but for the last of all.
    fast = fronts.filter(device="pixel3")["latency_seconds"].to_list()
    assert fast == [*range(1, CELLS, 2), CELLS + 50]
    assert fronts.filter(device="raspi4")["accuracy"].to_list() == pytest.approx([49.5])


def test_fits_of_latencies_have_a_table_of_their_own(material):
    assert material.fits.is_empty()
    [section] = sizes.make(material)
    [table] = section.blocks
    assert table.frame["target"].to_list() == [SLOW]
    assert table.frame["mae"].item() == material.size_fits["mae"].item() > 1
    assert "mae" not in table.percent
    assert table.best["mae"] == "lower"


def test_a_search_is_named_with_its_condition(material):
    [section] = searches.make(material)
    [table] = (one for one in section.blocks if isinstance(one, Table))
    named = {"random, 3 queries", "random, where pixel3_latency_seconds < 51, 3 queries"}
    assert set(table.frame["search"]) == named
