"""Saved and pre-trained models: by name, with cards, without a warehouse."""

import json
from dataclasses import replace

import polars as pl
import pytest
from numpy.testing import assert_allclose
from pretrain import RECIPES
from tables import load_rows, nasbench201_rows

import mbml
from mbml.errors import CellError, SourceError, UsageError
from mbml.predictors.models import list_models, pretrained_folder, save_model
from mbml.predictors.registry import PREDICTORS
from mbml.predictors.training import train
from mbml.spaces import nasbench201
from mbml.spaces.registry import space

CELLS = list(nasbench201.official_order()[:50])
VIEW = "meta_nasbench201_cifar100_200epochs"
SHIPPED = sorted(path.stem for path in pretrained_folder().glob("*.json"))


@pytest.fixture(scope="module")
def sixty_cells(new_warehouse, tmp_path_factory):
    """A warehouse with 60 cells and their true numbers of parameters."""
    folder = tmp_path_factory.mktemp("sixty_cells")
    cells = [nasbench201.parse(cell) for cell in nasbench201.official_order()[:60]]
    parameters = pl.Series([cell.parameters_on("cifar100") for cell in cells])
    rows = nasbench201_rows(60, parameters=parameters)
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, rows, folder / "nasbench201_surrogate.parquet")
        yield warehouse


@pytest.fixture
def saved(sixty_cells, tmp_path):
    """Train a predictor on 40 cells and save it; returns the report."""

    def run(predictor, name="one", **settings):
        report = train(sixty_cells, VIEW, predictor=predictor, train_size=40, **settings)
        save_model(report, sixty_cells, name, folder=tmp_path / "models")
        return report

    return run


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("predictor", PREDICTORS)
def test_a_saved_model_predicts_as_the_fitted_one(saved, tmp_path, predictor):
    report = saved(predictor, intervals=PREDICTORS[predictor].intervals)
    model = mbml.load_model("one", folder=tmp_path / "models")
    features = report.problem.x[:50]
    expected = report.regressor.predict(features)
    found = model.predict(CELLS)
    assert found.columns == ["arch_key", "accuracy", "lower", "upper", "at_floor"]
    assert found["arch_key"].to_list() == CELLS
    # Features of cells alone are those of the warehouse, but for the last bit of their sums.
    assert found["accuracy"].to_numpy() == pytest.approx(expected, abs=1e-6)
    if PREDICTORS[predictor].intervals:
        assert (found["lower"] <= found["accuracy"]).all()
        assert (found["accuracy"] <= found["upper"]).all()
    else:
        assert found["lower"].null_count() == 50
    assert found["at_floor"].null_count() == 0


def test_a_model_that_was_not_calibrated_offers_no_interval(saved, tmp_path):
    saved("gp")
    found = mbml.load_model("one", folder=tmp_path / "models").predict(CELLS)
    assert found["lower"].null_count() == found["upper"].null_count() == len(CELLS)


@pytest.mark.parametrize(("target", "says"), [("test_accuracy", True), ("valid_accuracy", False)])
def test_a_model_of_test_accuracies_says_so(saved, tmp_path, target, says):
    saved("dummy", target=target)
    [card] = [one for one in list_models(tmp_path / "models") if one["name"] == "one"]
    assert ("trained on test accuracies" in (card["note"] or "")) == says


def test_the_card_tells_where_a_model_comes_from(saved, tmp_path):
    saved("linear_regression")
    card = mbml.load_model("one", folder=tmp_path / "models").card
    assert (card["view"], card["train_size"], card["seed"]) == (VIEW, 40, 0)
    assert card["surrogate"] is True
    [source] = card["sources"]
    assert source["file_name"] == "nasbench201_surrogate.parquet"
    assert len(source["sha256"]) == 64
    assert card["libraries"]["mbml"] == mbml.__version__


def test_models_are_listed_the_shipped_ones_first(saved, tmp_path):
    saved("dummy", "mine")
    names = [card["name"] for card in list_models(tmp_path / "models")]
    assert names == [f"pretrained:{one}" for one in SHIPPED] + ["mine"]


def test_an_unknown_name_is_told_with_close_ones():
    with pytest.raises(UsageError, match="did you mean 'pretrained:nasbench201-cifar100'"):
        mbml.load_model("pretrained:nasbench201-cifar1000")
    for name in ("pretrained:../../x", "../x", "a/b"):
        with pytest.raises(UsageError, match="cannot name a model"):
            mbml.load_model(name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"predictor": "oracle"}, "predictor: unknown predictor 'oracle'"),
        ({"benchmark": "imagenet"}, "benchmark: unknown search space 'imagenet'"),
        ({"benchmark": ["nasbench201"]}, "benchmark: unknown"),
        ({"features": "everything"}, "unknown feature set"),
        ({"features_version": "0"}, "features_version: is 0"),
        ({"features": None}, "unknown feature set"),
    ],
)
def test_a_card_for_another_mbml(saved, tmp_path, change, message):
    saved("dummy")
    path = tmp_path / "models" / "one.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SourceError, match=message):
        mbml.load_model("one", folder=tmp_path / "models")


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_says_what_it_is_of(name):
    card = mbml.load_model(f"pretrained:{name}").card
    assert card["surrogate"] is False
    assert set(card["measurements"]) == {"from", "licence"}
    assert card["kendall_tau"] > 0.85
    assert card["kendall_tau_of_other_function"] > 0.85


def test_the_shipped_models_are_small():
    assert sum(path.stat().st_size for path in pretrained_folder().iterdir()) < 10_000_000


def test_every_shipped_model_has_a_recipe():
    assert sorted(recipe.name for recipe in RECIPES) == SHIPPED


def test_a_cell_of_another_space_is_told_apart():
    model = mbml.load_model("pretrained:nasbench201-cifar100")
    with pytest.raises(CellError, match="is of NAS-Bench-101; the model is for NAS-Bench-201"):
        model.predict(["0100:input,output"])
    with pytest.raises(CellError):
        model.predict(["nonsense"])


def test_no_cells_are_no_rows():
    model = mbml.load_model("pretrained:nasbench201-cifar100")
    assert model.predict([]).is_empty()


@pytest.mark.slow
@pytest.mark.parametrize("predictor", ["xgboost", "gp"])
def test_ranking_the_whole_space_finds_what_predicting_it_says(saved, tmp_path, predictor):
    saved(predictor)
    model = mbml.load_model("one", folder=tmp_path / "models")
    seen = []
    best = model.best(3, progress=lambda done, whole: seen.append((done, whole)))
    whole = model.predict(nasbench201.official_order())
    first = whole.sort("accuracy", descending=True, maintain_order=True).head(3)
    assert best["arch_key"].to_list() == first["arch_key"].to_list()
    numbers = ["accuracy", "lower", "upper"]
    assert_allclose(best.select(numbers), first.select(numbers), atol=1e-6)
    assert best["rank"].to_list() == [1, 2, 3]
    assert seen[-1] == (nasbench201.SIZE, nasbench201.SIZE)
    assert best.schema["rank"] == pl.Int64


def test_the_best_cells_come_first_and_equal_ones_in_the_order_of_the_space(monkeypatch):
    model = mbml.load_model("pretrained:nasbench201-cifar100")
    some = replace(space("nasbench201"), texts=lambda: nasbench201.official_order()[:300])
    monkeypatch.setattr("mbml.spaces.registry.space", lambda _: some)
    best = model.best(20)
    predicted = model.predict(list(some.texts()))
    wanted = predicted.sort("accuracy", descending=True, maintain_order=True).head(20)
    assert best["arch_key"].to_list() == wanted["arch_key"].to_list()
    assert best["rank"].to_list() == list(range(1, 21))
