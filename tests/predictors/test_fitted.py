"""What a model file is made into predicts as the estimators that were trained, to the last bit."""

from __future__ import annotations

import json
import zipfile
from importlib import import_module

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from xgboost import XGBRegressor

import mbml
from mbml.predictors.blend import Blend
from mbml.predictors.fitted import (
    LEVEL,
    REACH,
    FittedStandardise,
    Member,
    has_intervals,
    predict_interval,
)
from mbml.predictors.gp import MaternGP
from mbml.predictors.intervals import CrossValidated
from mbml.predictors.model_file import read_model, write_model
from mbml.predictors.models import pretrained_folder
from mbml.predictors.registry import PREDICTORS
from mbml.predictors.saved.kinds import ESTIMATORS
from mbml.predictors.saved.parts import names_in
from mbml.predictors.transforms import LogError, Standardise, Unit
from mbml.spaces import nasbench201

RNG = np.random.default_rng(0)
NAMES = [f"x{number}" for number in range(6)]
X = pl.DataFrame(RNG.normal(size=(90, 6)).astype(np.float32), schema=NAMES)
Y = 0.9 - 0.1 * np.exp(-0.4 * X["x0"].to_numpy() + 0.1 * RNG.normal(size=90))


def behind(scale, regressor, unit):
    return make_pipeline(
        scale, TransformedTargetRegressor(regressor, transformer=unit, check_inverse=False)
    )


def process(**settings):
    return MaternGP(noise_slope=0.5, max_iter=5, random_state=0, **settings)


TREES = XGBRegressor(n_estimators=20, n_jobs=1, random_state=0)
MIXED = Blend(
    [
        Member("gp", process(), 2, ("odd",)),
        Member("near", KNeighborsRegressor(3, algorithm="brute")),
    ],
    column_groups=("even", "odd") * 3,
)
PIPELINES = {
    "gp": behind(Standardise(), Blend([Member("gp", process())]), LogError()),
    "gp alone": behind(MinMaxScaler(), process(), Unit(100)),
    "gp with intervals": behind(Standardise(), CrossValidated(process(), folds=2), LogError()),
    "blend with intervals": behind(Standardise(), CrossValidated(MIXED, folds=2), LogError()),
    "trees with intervals": behind(Standardise(), CrossValidated(TREES, folds=2), LogError()),
    "ridge": behind(MinMaxScaler(), Ridge(), Unit(100)),
}


@pytest.fixture(scope="module")
def trained():
    return {name: one.fit(X[:60], Y[:60]) for name, one in PIPELINES.items()}


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize("name", PIPELINES)
def test_a_model_that_was_read_predicts_the_same_bits(trained, tmp_path, name, rows):
    model, _ = read_model(write_model(tmp_path, "one", trained[name], {}))
    x = X[60 : 60 + rows]
    np.testing.assert_array_equal(model.predict(x), trained[name].predict(x))
    assert has_intervals(model) == has_intervals(trained[name]) == ("intervals" in name)
    if has_intervals(model):
        intervals = zip(predict_interval(model, x), predict_interval(trained[name], x), strict=True)
        for found, expected in intervals:
            np.testing.assert_array_equal(found, expected)


def test_a_shipped_model_predicts_the_bits_of_the_estimators_that_it_names(monkeypatch):
    name, cells = "nasbench201-cifar10valid", nasbench201.official_order()[::500]
    found = mbml.load_model(f"pretrained:{name}").predict(cells)
    as_named = {one: rules._replace(made="") for one, rules in ESTIMATORS.items()}
    monkeypatch.setattr("mbml.predictors.saved.build.ESTIMATORS", as_named)
    pipeline, card = read_model(pretrained_folder() / f"{name}.json")
    assert type(pipeline).__module__ == "sklearn.pipeline"
    x = mbml.features.registry.feature_set(card["features"]).of_cells("nasbench201", cells)
    for column, values in predict_interval(pipeline, x)._asdict().items():
        np.testing.assert_array_equal(found[column].to_numpy(), values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x.select(NAMES[::-1]), "another order"),
        (lambda x: x.rename({"x1": "y1"}), "other features"),
        (lambda x: x.drop("x1"), "expected 6 features"),
        (lambda x: x.to_numpy()[0], "expected 6 features"),
        (lambda x: x.with_columns(x3=np.nan), "NaN or infinity"),
        (lambda x: x.with_columns(x3=-np.inf), "NaN or infinity"),
        (lambda x: x.with_columns(x3=pl.lit("a")), "could not convert"),
    ],
    ids=["order", "name", "fewer", "one row", "nan", "infinite", "text"],
)
def test_rows_that_the_estimators_would_refuse_are_refused(trained, tmp_path, change, message):
    model, _ = read_model(write_model(tmp_path, "one", trained["gp"], {}))
    with pytest.raises(ValueError, match=message):
        model.predict(change(X))
    with pytest.raises((ValueError, UserWarning)):
        trained["gp"].predict(change(X))


def test_finite_rows_whose_sum_is_not_are_taken():
    scaler = FittedStandardise().scale_by(np.zeros(2), np.full(2, 3e37))
    found = scaler.transform(np.full((3, 2), 3e38, dtype=np.float32))
    np.testing.assert_array_equal(found, np.full((3, 2), 4))


@pytest.mark.parametrize("name", PREDICTORS)
def test_the_registry_says_what_a_predictor_makes(name):
    made = PREDICTORS[name].make(0)
    inner = made.regressor if isinstance(made, CrossValidated) else made
    members = [one.name for one in getattr(inner, "members", [])]
    assert PREDICTORS[name].made_of == (type(inner).__name__, *members)


def test_members_are_named_in_files_as_they_always_were(trained, tmp_path):
    card = write_model(tmp_path, "one", trained["gp"], {})
    with zipfile.ZipFile(card.with_suffix(".skops")) as archive:
        names = names_in(json.loads(archive.read("schema.json")))
    assert "mbml.predictors.blend.Member" in names
    assert import_module("mbml.predictors.blend").Member is Member


def test_an_interval_reaches_as_far_as_the_normal_distribution_says():
    assert float(norm.ppf(0.5 + LEVEL / 2)) == REACH
