"""The shipped models against the measurements, and the script that makes them."""

import pytest
from scipy.stats import kendalltau

import mbml
from mbml.predictors import pretrain
from mbml.predictors.models import pretrained_folder
from mbml.sources.tables.table import open_tables
from mbml.spaces import nasbench201
from mbml.store import ingest, open_warehouse

pytestmark = pytest.mark.realdata


@pytest.mark.parametrize("recipe", [one for one in pretrain.RECIPES if "201" in one.name])
@pytest.mark.slow
def test_predictions_rank_the_measured_cells(real_data, tmp_path, recipe):
    with open_warehouse(tmp_path / "w.duckdb", write=True) as warehouse:
        for source in open_tables(real_data / "nasbench201" / "measurements.parquet"):
            ingest(warehouse, source)
        measured = warehouse.frame(f"select arch_key, {recipe.target} as y from {recipe.view}")
    model = mbml.load_model(f"pretrained:{recipe.name}")
    predicted = model.predict(nasbench201.official_order()).join(measured, on="arch_key")
    tau = kendalltau(predicted["accuracy"], predicted["y"]).statistic
    # The card's is over the cells held out; a tenth of these was trained on.
    assert tau == pytest.approx(model.card["kendall_tau"], abs=0.02)
    held = (predicted["y"] >= predicted["lower"]) & (predicted["y"] <= predicted["upper"])
    assert 0.85 < held.mean() < 0.97


@pytest.mark.slow
def test_the_script_makes_the_shipped_files(real_data, tmp_path):
    pretrain.pretrain(real_data, tmp_path / "one")
    pretrain.pretrain(real_data, tmp_path / "two")
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    made = {path.name for path in (tmp_path / "one").iterdir()}
    assert made == {path.name for path in pretrained_folder().iterdir()}
