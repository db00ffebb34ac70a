"""Views of the user as meta-datasets: trained on, evaluated, searched, reported, exported."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from mbml.frames import find_dataset, read_view, stored_problem
from mbml.predictors.models import load_model
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
VIEWS = {
    "half": f"select * from {VIEW} where arch_index % 2 = 0",
    "of_half": "select arch_id, valid_accuracy, test_accuracy, parameters / 1e6 as mega from half",
    "priced": f"select *, if(arch_index < 3, null, arch_index * 0.01) as price from {VIEW}",
    "percent": f"select arch_id, 100 * test_accuracy as percent, 3 as three from {VIEW}",
    "told": "select arch_id, valid_accuracy, 'cifar100' as dataset, 200 as schedule_epochs,"
    f" 200 as epoch from {VIEW} order by arch_id desc",
    "unknown": "select arch_id, arch_id / 100 as valid_accuracy from architecture"
    " where benchmark = 'nasbench201'",
    "no_id": "select 1 as x",
    "twice": f"select arch_id, valid_accuracy from {VIEW} union all select 7, 0.5",
    "of_two": "select arch_id, 0.5 as valid_accuracy from architecture",
    "nowhere": "select 99999 as arch_id, 0.5 as valid_accuracy",
    "unnamed": "select null::int as arch_id, 0.5 as valid_accuracy",
    "nothing": f"select * from {VIEW} where false",
    "trainings": "select arch_id, valid_accuracy, 'cifar100' as dataset, 200 as schedule_epochs,"
    f" 12 + arch_index % 2 as epoch from {VIEW}",
    "nan": f"select arch_id, if(arch_id = 5, 'nan'::double, 0.5) as valid_accuracy from {VIEW}",
    "words": f"select arch_id, valid_accuracy, 'a' as word from {VIEW}",
    "copy": f"select arch_id, valid_accuracy, valid_accuracy as innocent from {VIEW}",
    '"odd ""name"': f'select arch_id, valid_accuracy, parameters as "my size" from {VIEW}',
}


@pytest.fixture(scope="module")
def loaded(loaded):
    with duckdb.connect(str(loaded)) as con:
        for name, sql in VIEWS.items():
            con.execute(f"create view {name} as {sql}")
    return loaded


def test_a_view_of_ones_own_is_trained_on_as_a_published_one(mbml):
    report = mbml.json("train", "half", "--train-size", 20, "--predictor", "random_forest")
    assert report["view"] == report["target_view"] == "half"
    assert report["held_out"] == 10
    assert report["features"] == "published"


def test_a_column_of_ones_own_is_an_objective_and_in_conditions(mbml):
    call = ("search", "of_half", "--budget", "9", "--objectives")
    told = mbml.json(*call, "mega", "--where", "mega + 1.5 > 0.01::decimal(9, 2)")
    assert (told["candidates"], told["objectives"]) == (30, ["mega"])
    assert (
        "has no price for 3 of 60"
        in mbml("search", "priced", "--budget", "9", "--objectives", "price", expect=2).stderr
    )
    cheap = ("--where", "price < 0.3", "--objectives", "price")
    assert mbml.json("search", "priced", "--budget", "9", *cheap)["candidates"] == 27


def test_keys_and_outcomes_that_a_view_lacks_are_those_of_the_architecture_or_null(loaded):
    with open_warehouse(loaded) as warehouse:
        own, published = (find_dataset(warehouse, name) for name in ("told", VIEW))
        found = read_view(warehouse, own, ["arch_key", "graph_id", "functional_id", "arch_index"])
        expected = read_view(warehouse, published, found.columns)
        assert found.equals(expected)  # in the published order, too
        problem = stored_problem(warehouse, own, [])
    assert problem.rows["test_accuracy"].null_count() == 60


def test_which_training_it_is_of_follows_from_its_columns_or_from_what_it_is_made_of(loaded):
    with open_warehouse(loaded) as warehouse:
        found = {name: find_dataset(warehouse, name) for name in ("of_half", "told", "unknown")}
    trainings = {
        name: (one.dataset, one.schedule_epochs, one.epoch, one.target_scale)
        for name, one in found.items()
    }
    known = ("cifar100", 200, 200, 100.0)
    assert trainings == {"of_half": known, "told": known, "unknown": ("", 0, 0, 100.0)}


def test_without_a_known_training_topology_needs_the_architecture_alone(mbml):
    report = mbml.json("train", "unknown", "--train-size", 40, "--features", "topology")
    assert report["held_out"] == 20
    for call in (
        ("train", "--features", "published"),
        ("train", "--features", "curve:12"),
        ("search",),
    ):
        said = mbml(call[0], "unknown", *call[1:], expect=2).stderr
        assert "give the view the columns dataset, schedule_epochs and epoch" in said


def test_any_column_is_a_target_in_its_own_unit(mbml):
    call = ("train", "percent", "--train-size", 40, "--target", "percent", "--features", "topology")
    text = mbml(*call, "--predictor", "random_forest").stdout
    assert "unit of percent  " in text
    assert "unit of percent squared" in text
    said = mbml(*call, "--predictor", "gp", expect=2).stderr
    assert "this predictor learns fractions in [0, 1]" in said


def test_columns_are_features_by_name(mbml):
    call = ("train", "of_half", "--train-size", 20, "--predictor", "linear_regression")
    report = mbml.json(*call, "--feature-columns", "mega")
    assert report["features"] == "columns:mega"
    both = mbml.json(*call, "--features", "topology", "--feature-columns", "mega")
    assert both["features"] == "topology+columns:mega"
    assert report["r2"] != both["r2"]


@pytest.mark.parametrize(
    ("view", "column", "said"),
    [
        ("half", "train_accuracy", "it is an outcome of the training"),
        ("half", "train_seconds", "it is an outcome of the training"),
        ("half", "arch_index", "it is a key"),
        ("copy", "innocent", "its values are those of valid_accuracy"),
        ("words", "word", "word holds String, not numbers"),
        ("half", "megas", "unknown column of half 'megas'"),
        ("half", "mega,", "give each name once"),
        ("half", "flops,flops", "give each name once"),
        (VIEW, "valid_accuracy", "it is an outcome of the training"),
    ],
)
def test_what_cannot_be_a_feature_is_refused(mbml, view, column, said):
    assert said in mbml("train", view, "--feature-columns", column, expect=2).stderr


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("no_id", "no_id has no column arch_id"),
        ("twice", "twice has several rows for arch_id 7"),
        ("of_two", "of_two holds architectures of nasbench101 and nasbench201"),
        ("nowhere", "nowhere: arch_id 99999 is no architecture here"),
        ("unnamed", "unnamed: arch_id is NULL in some row"),
        ("nothing", "nothing has no rows"),
        ("trainings", "trainings has rows of several trainings"),
        ("nan", "nan: valid_accuracy is nan for arch_id 5"),
        ("none_such", "unknown meta-dataset 'none_such'"),
    ],
)
def test_a_view_that_is_no_meta_dataset_says_why(mbml, view, said):
    assert said in mbml("train", view, "--train-size", 20, expect=2).stderr


def test_odd_names_of_views_and_columns(mbml):
    call = ("train", 'odd "name', "--train-size", 40, "--predictor", "linear_regression")
    report = mbml.json(*call, "--feature-columns", "my size")
    assert report["view"] == 'odd "name'
    published = ("train", VIEW, *call[2:], "--feature-columns", "parameters")
    assert mbml.json(*published)["r2"] == report["r2"]


def test_describe_tells_roles(mbml):
    roles = {one["column"]: one["role"] for one in mbml.json("describe", "of_half")}
    assert roles == {
        "arch_id": "key",
        "valid_accuracy": "outcome",
        "test_accuracy": "outcome",
        "mega": "feature or outcome",
    }


def test_a_search_of_a_view_returns_its_values(mbml, loaded):
    found = mbml.json("search", "half", "--budget", 30, "--strategy", "random")
    with duckdb.connect(str(loaded)) as con:
        [(best,)] = con.execute("select max(valid_accuracy) from half").fetchall()
    assert found["candidates"] == 30
    assert found["chosen_valid_accuracy"] == pytest.approx(best)
    changed = mbml.json("search", "of_half", "--budget", 30, "--strategy", "random")
    assert changed["chosen_valid_accuracy"] == pytest.approx(best)


@pytest.mark.slow
def test_from_evaluation_to_report_and_export(mbml, tmp_path):
    grid = ("--predictor", "random_forest", "--train-size", 20, "--seeds", "5-6")
    fits = mbml.json("evaluate", "half", *grid)
    assert [fit["seed"] for fit in fits] == [5, 6]
    page = mbml.json("report", "--to", tmp_path / "report")["path"]
    assert "half" in Path(page).read_text(encoding="utf-8")
    mbml("export", "half", "--to", tmp_path / "tables")
    rows = pl.read_parquet(tmp_path / "tables" / "half_surrogate.parquet")
    assert rows.height == 30


@pytest.mark.slow
def test_a_saved_model_of_a_view_predicts(mbml, tmp_path):
    call = ("train", "unknown", "--train-size", 40, "--features", "topology", "--save", "mine")
    mbml(*call, "--models", tmp_path, "--predictor", "gp")
    model = load_model("mine", folder=tmp_path)
    assert model.card["own_view"] is True
    found = model.predict(["|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"])
    assert np.isfinite(found["accuracy"][0])
