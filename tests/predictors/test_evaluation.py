"""Evaluations of a grid: what is planned, told while it runs, and handed back."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path
from statistics import fmean, pstdev

import numpy as np
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

from mbml.engine import run
from mbml.errors import MbmlError, UsageError
from mbml.predictors import evaluation
from mbml.predictors.comparison import compare
from mbml.predictors.evaluation import (
    Grid,
    evaluate,
    make_fit,
    predictors_of,
    summarise_fits,
)
from mbml.predictors.published_protocol import PUBLISHED_GRIDS
from mbml.predictors.registry import PREDICTORS
from mbml.predictors.training import in_parts, train
from mbml.store import open_warehouse, with_warehouse
from mbml.store.results import Experiment, Fit, FitResult, read_fits, stored_fits, write_fit

VIEW = "meta_nasbench201_cifar100_200epochs"
OTHER = "meta_nasbench201_cifar10valid_200epochs"
SMALL = {"views": (VIEW,), "train_sizes": (20,), "predictors": ("linear_regression",)}


@pytest.fixture(scope="module")
def loaded(new_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluation")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(60), folder / "rows.parquet")
    return folder / "w.duckdb"


@pytest.fixture
def path(loaded, tmp_path):
    """A copy of the warehouse, which evaluations write to."""
    return Path(shutil.copy(loaded, tmp_path / "w.duckdb"))


def test_a_grid_is_planned_by_view_size_predictor_and_seed_each_once():
    grid = Grid(
        views=("b", "a", "b"), train_sizes=(7, 5, 7), predictors=("gp", "svr"), seeds=(2, 1, 2)
    )
    assert [
        (fit.view, fit.train_size, fit.predictor, fit.features, fit.seed) for fit in grid.fits()
    ] == [
        (view, size, name, features, seed)
        for view in ("b", "a")
        for size in (7, 5)
        for name, features in (("gp", "topology"), ("svr", "published"))
        for seed in (2, 1)
    ]
    assert {fit.features for fit in replace(grid, features="curve").fits()} == {"curve"}


def test_a_grid_has_its_preset_s_own_where_nothing_is_said():
    fixed, published = Grid(views=("a",)), Grid(views=("a",), preset="published")
    assert (fixed.train_sizes, fixed.seeds, fixed.predictors) == ((172,), (0,), tuple(PREDICTORS))
    assert published.train_sizes == (43, 86, 129, 172, 344, 860)
    assert published.seeds == (0, 1, 10, 42, 100, 123, 666, 1000, 1234, 12345)
    assert published.predictors == predictors_of("published") == tuple(PUBLISHED_GRIDS)
    assert (fixed.target, fixed.split, fixed.features) == ("valid_accuracy", "published", None)
    assert Grid(views=("a",), preset="published", seeds=(7,)).seeds == (7,)
    with pytest.raises(UsageError, match="unknown preset 'other'"):
        Grid(views=("a",), preset="other")


@pytest.mark.parametrize(
    ("preset", "size", "fits"),
    [("published", 6, True), ("published", 5, False), ("fixed", 5, True)],
)
def test_the_published_search_needs_six_rows(preset, size, fits):
    grid = Grid(views=("a",), preset=preset, train_sizes=(size,))
    if fits:
        grid.check()
    else:
        with pytest.raises(UsageError, match=r"`train_size=5` does not fit: .* at least 6 rows"):
            grid.check()


def test_progress_tells_the_fits_that_are_done_and_all(path):
    told = []
    grid = Grid(**SMALL, seeds=(0, 1))
    evaluate(path, grid, progress=lambda *one: told.append(one))
    assert told == [(0, 2), (1, 2), (2, 2)]
    found = evaluate(path, replace(grid, seeds=(0, 1, 2)), progress=lambda *one: told.append(one))
    assert told[3:] == [(2, 3), (3, 3)]
    assert [one["seed"] for one in found] == [0, 1, 2]


def test_a_fit_that_fails_counts_in_progress_and_is_told_at_once(path, monkeypatch):
    def train_on(*arguments, seed, **options):
        if seed == 1:
            raise ValueError("no luck")
        return original(*arguments, seed=seed, **options)

    original = evaluation.train_on
    monkeypatch.setattr(evaluation, "train_on", train_on)
    told, said = [], []
    with pytest.raises(MbmlError, match="1 of 2 fits failed, the others are stored"):
        evaluate(
            path,
            Grid(**SMALL, seeds=(0, 1)),
            progress=lambda *one: told.append(one),
            notify=said.append,
        )
    assert said == [f"failed: {VIEW}, linear_regression, N=20, seed 1: ValueError: no luck"]
    assert told[0] == (0, 2)
    assert sorted(told[1:]) in ([(0, 2), (1, 2)], [(1, 2), (1, 2)])


def test_whoever_waits_for_the_warehouse_is_told_why(path, monkeypatch):
    told = []

    def opened(*arguments, waiting=None, **options):
        told.append(waiting)
        return with_warehouse(*arguments, waiting=waiting, **options)

    monkeypatch.setattr(evaluation, "with_warehouse", opened)
    evaluate(path, Grid(**SMALL), notify=print)
    assert len(told) >= 4
    assert set(told) == {print}


def test_processes_and_engine_are_those_that_were_asked_for(path, monkeypatch):
    asked = []

    def here(function, items, *, shared, jobs, engine):
        asked.append((jobs, engine))
        return run(function, items, shared=shared, jobs=1, engine=engine)

    monkeypatch.setattr(evaluation, "run", here)
    evaluate(path, Grid(**SMALL))
    evaluate(path, Grid(**SMALL), jobs=3)
    assert asked == [(1, "local"), (3, "local")]


def test_an_evaluated_fit_is_flat_and_says_how_it_was_made(path):
    [found] = evaluate(path, Grid(**SMALL, seeds=(5,)))
    about = {
        "view": VIEW,
        "predictor": "linear_regression",
        "features": "published",
        "feature_epochs": 0,
        "feature_seconds": 0,
        "preset": "fixed",
        "train_size": 20,
        "seed": 5,
        "split": "published",
        "target": "valid_accuracy",
        "target_view": VIEW,
        "protocol": "held_out",
        "score": "valid_accuracy",
        "test_view": VIEW,
        "surrogate": False,
        "held_out": 40,
        "scored": 40,
        "left_out": 0,
        "search_seconds": 0,
    }
    assert {name: found[name] for name in about} == about
    with open_warehouse(path) as warehouse:
        report = train(warehouse, VIEW, predictor="linear_regression", train_size=20, seed=5).flat()
    scores = found.keys() & report.keys() - about.keys() - {"fit_seconds", "predict_seconds"}
    assert len(scores) > 10
    assert {name: found[name] for name in scores} == {name: report[name] for name in scores}
    assert 0 < found["fit_seconds"] < 60
    assert 0 < found["predict_seconds"] < 60
    assert found["version_mbml"]
    assert found["version_numpy"] == np.__version__
    assert found["version_scikit-learn"]


def test_a_summary_has_means_and_deviations_over_seeds():
    fits = [
        {"view": view, "train_size": 20, "predictor": name, "seed": seed, "features": "published"}
        | {"protocol": "held_out", "score": "valid_accuracy"}
        | {
            "mae": place / 100,
            "r2": None if place == 1 else place / 10,
            "kendall_tau": place / 20,
            "search_seconds": place,
            "fit_seconds": 2.0 * place,
        }
        for view, name, seed, place in (
            ("b", "svr", 0, 1),
            ("b", "svr", 1, 4),
            ("b", "gp", 0, 2),
            ("a", "svr", 0, 3),
        )
    ]
    found = summarise_fits(fits)
    assert found.select("view", "predictor", "seeds").rows() == [
        ("b", "svr", 2),
        ("b", "gp", 1),
        ("a", "svr", 1),
    ]
    first = found.row(0, named=True)
    assert first["mae"] == pytest.approx(fmean([0.01, 0.04]))
    assert first["mae_std"] == pytest.approx(pstdev([0.01, 0.04]))
    # A score that is not defined for a seed is left out.
    assert (first["r2"], first["r2_std"]) == (pytest.approx(0.4), 0)
    assert first["kendall_tau"] == pytest.approx(0.125)
    assert (first["search_seconds"], first["fit_seconds"]) == (2.5, 5)


EXPERIMENT = Experiment(
    view_name=VIEW,
    target="valid_accuracy",
    features="published",
    features_version="1",
    preset="published",
    protocol_version=1,
    split="published",
    protocol="held_out",
    score="valid_accuracy",
    test_view=VIEW,
    data_sha256="0" * 64,
    is_surrogate=False,
    rows=60,
    left_out=3,
)


def fit(seed=0, predictor="lasso", r2=0.5, size=172):
    result = FitResult(
        held_out=40,
        scored=40,
        search_seconds=1.5,
        fit_seconds=2.5,
        predict_seconds=0.5,
        parameters={"alpha": 1, "selection": "random"},
        warnings={"UserWarning": 2},
        libraries={"numpy": "2.0"},
        scores={"r2": r2, "mae": None, "mse": float("nan"), "kendall_tau": 0.25},
    )
    return Fit(
        view=VIEW,
        features="published",
        predictor=predictor,
        train_size=size,
        seed=seed,
        result=result,
    )


def test_a_stored_fit_is_read_back_as_it_was(path):
    with open_warehouse(path, write=True) as warehouse:
        assert write_fit(warehouse, EXPERIMENT, fit()) is True
        assert write_fit(warehouse, EXPERIMENT, fit(seed=1, r2=0.75)) is True
        assert write_fit(warehouse, EXPERIMENT, fit(r2=0.9)) is False
        found = {one.seed: one for one in read_fits(warehouse, EXPERIMENT)}
        assert stored_fits(warehouse, EXPERIMENT) == {fit(), fit(seed=1)}
    assert set(found) == {0, 1}
    given = fit().result
    # What is no number is stored as missing; the order of scores stays.
    assert found[0].result == replace(given, scores=given.scores | {"mse": None})
    assert list(found[0].result.scores) == list(given.scores)
    assert found[1].result.scores["r2"] == 0.75


@pytest.mark.parametrize(
    "other",
    [
        {"view_name": OTHER},
        {"target": "test_accuracy"},
        {"features": "topology"},
        {"features_version": "2"},
        {"preset": "fixed"},
        {"protocol_version": 2},
        {"split": "other"},
        {"protocol": "pinat"},
        {"score": "test_accuracy"},
        {"test_view": OTHER},
        {"data_sha256": "1" * 64},
    ],
)
def test_fits_of_another_experiment_are_not_taken_for_it(path, other):
    with open_warehouse(path, write=True) as warehouse:
        write_fit(warehouse, EXPERIMENT, fit())
        assert stored_fits(warehouse, replace(EXPERIMENT, **other)) == set()
        assert read_fits(warehouse, replace(EXPERIMENT, **other)) == []
        # Without telling one experiment from another by it, what is only told.
        told = replace(EXPERIMENT, is_surrogate=True, rows=7, left_out=0)
        assert len(stored_fits(warehouse, told)) == 1


def test_comparing_puts_means_over_seeds_beside_the_published(path):
    with open_warehouse(path, write=True) as warehouse:
        with pytest.raises(UsageError, match="holds no fits of the published study"):
            compare(warehouse)
        for seed, r2 in enumerate((0.1, 0.2, 0.6)):
            write_fit(warehouse, EXPERIMENT, fit(seed, r2=r2))
        write_fit(warehouse, EXPERIMENT, fit(predictor="xgboost"))
        surrogate = replace(EXPERIMENT, view_name=OTHER, test_view=OTHER, is_surrogate=True)
        write_fit(warehouse, surrogate, replace(fit(size=43), view=OTHER))
        for other in ({"protocol": "pinat"}, {"score": "test_accuracy"}, {"test_view": OTHER}):
            write_fit(warehouse, replace(EXPERIMENT, **other), fit(r2=0.99))
        whole = compare(warehouse, metrics=["r2"])
        some = compare(warehouse, metrics=["r2"], views=[OTHER], train_sizes=[43])
    rows = {(one["view"], one["train_size"], one["predictor"]): one for one in whole.to_dicts()}
    assert whole["protocol"].unique().to_list() == ["held_out"]
    lasso = rows[VIEW, 172, "lasso"]
    assert lasso["seeds"] == 3
    assert lasso["mean"] == pytest.approx(0.3)
    assert lasso["std"] == pytest.approx(pstdev([0.1, 0.2, 0.6]))
    assert lasso["median"] == pytest.approx(0.2)
    assert lasso["surrogate"] is False
    assert lasso["difference"] == pytest.approx(0.3 - lasso["published_mean"])
    assert lasso["median_difference"] == pytest.approx(0.2 - lasso["published_median"])
    nothing = rows[VIEW, 172, "svr"]
    assert (nothing["seeds"], nothing["surrogate"]) == (0, False)
    assert nothing["mean"] is nothing["difference"] is None
    assert nothing["published_mean"] is not None
    ours = rows[VIEW, 172, "xgboost"]
    assert (ours["seeds"], ours["published_mean"], ours["mean"]) == (1, None, 0.5)
    assert rows[OTHER, 43, "lasso"]["surrogate"] is True
    assert {(view, size) for view, size, _ in rows} == {
        (view, size) for view in (VIEW, OTHER) for size in (43, 172)
    }
    assert set(some.select("view", "train_size").rows()) == {(OTHER, 43)}
    assert set(some["metric"]) == {"r2"}


@pytest.mark.parametrize(("rows", "parts"), [(1, 1), (4, 1), (5, 2), (9, 3)])
def test_predicting_in_parts_gives_all_rows_in_their_order(monkeypatch, rows, parts):
    monkeypatch.setattr("mbml.predictors.training._ROWS_AT_ONCE", 4)
    frame, asked = pl.DataFrame({"x": range(20)}), []

    def predict(x):
        asked.append(x.height)
        return x["x"].to_numpy() * 2, x["x"].to_numpy() + 1

    chosen = np.arange(20)[::-1][:rows]
    double, next_one = in_parts(predict, frame, chosen)
    assert double.tolist() == (chosen * 2).tolist()
    assert next_one.tolist() == (chosen + 1).tolist()
    assert len(asked) == parts
    assert max(asked) <= 4


@pytest.mark.parametrize(("columns", "predicted"), [(1, 5), (16, 5), (17, 40)])
def test_equal_rows_of_few_columns_are_predicted_once(columns, predicted):
    values = [None, math.nan, 0.0, 1.5, -2.0] * 8
    frame, asked = pl.DataFrame({f"x{number}": values for number in range(columns)}), []

    def predict(x):
        asked.append(x.height)
        return (x["x0"].fill_nan(9.0).fill_null(7.0).to_numpy(),)

    [found] = in_parts(predict, frame, np.arange(40)[::-1])
    assert found.tolist() == [-2.0, 1.5, 0.0, 9.0, 7.0] * 8
    assert asked == [predicted]


@pytest.mark.parametrize(
    ("fault", "said"),
    [(UsageError("too few rows"), "too few rows"), (RuntimeError("odd"), "RuntimeError: odd")],
)
def test_a_fit_that_fails_says_which_it_is_and_why(monkeypatch, fault, said):
    def fails(*_):
        raise fault

    monkeypatch.setattr(evaluation, "_train", fails)
    [fit] = Grid(**SMALL, seeds=(3,)).fits()
    failed = make_fit({(fit.view, fit.features): None}, fit)
    assert failed.result is None
    assert failed.failure == f"{fit}: {said}"
