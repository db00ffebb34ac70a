"""The shipped models against the measurements, and the script that makes them."""

import pretrain
import pytest
from scipy.stats import kendalltau

import mbml
from mbml.sources.tables.table import open_tables
from mbml.spaces import nasbench201
from mbml.store import ingest, open_warehouse

pytestmark = pytest.mark.realdata


@pytest.mark.parametrize("recipe", [one for one in pretrain.RECIPES if "201" in one.name])
@pytest.mark.slow
def test_predictions_rank_the_measured_cells(real_data, tmp_path, recipe):
    with open_warehouse(tmp_path / "w.duckdb", write=True) as warehouse:
        for table in ("measurements.parquet", "imagenet16_120.parquet"):
            for source in open_tables(real_data / "nasbench201" / table):
                ingest(warehouse, source)
        measured = warehouse.frame(f"select arch_key, {recipe.target} as y from {recipe.view}")
    model = mbml.load_model(f"pretrained:{recipe.name}")
    predicted = model.predict(nasbench201.official_order()).join(measured, on="arch_key")
    tau = kendalltau(predicted["accuracy"], predicted["y"]).statistic
    # The card's is over the cells held out; a tenth of these was trained on.
    assert tau == pytest.approx(model.card["kendall_tau"], abs=0.02)
    held = (predicted["y"] >= predicted["lower"]) & (predicted["y"] <= predicted["upper"])
    assert 0.88 < held.mean() < 0.93


@pytest.mark.slow
def test_the_script_makes_the_shipped_model(real_data, tmp_path):
    # One of the five: the model of NAS-Bench-101 takes ten minutes.
    [recipe] = [one for one in pretrain.RECIPES if one.name == "nasbench201-cifar100"]
    pretrain.pretrain(real_data, tmp_path, [recipe])
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        f"{recipe.name}.json",
        f"{recipe.name}.skops",
    ]
    cells = nasbench201.official_order()[::10]
    made = mbml.load_model(recipe.name, folder=tmp_path).predict(cells)
    shipped = mbml.load_model(f"pretrained:{recipe.name}").predict(cells)
    for column in ("accuracy", "lower", "upper"):
        assert made[column].to_list() == pytest.approx(shipped[column].to_list(), abs=1e-4)
