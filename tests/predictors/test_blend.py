"""The parts of the blend: scikit-learn's rules, what each leaves unchanged, intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from mbml.predictors.blend import Blend, Member
from mbml.predictors.gp import MaternGP
from mbml.predictors.intervals import LEVEL, CrossValidated, predict_interval
from mbml.predictors.transforms import LogError, Standardise

MEMBERS = (
    Member("gp", MaternGP(), weight=2, without=("noise",)),
    Member("neighbours", KNeighborsRegressor(3)),
)


def measured(rows, seed):
    """Accuracies of which one feature decides; the other is noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2))
    return x, 1 - 0.1 * np.exp(-0.4 * x[:, 0] + 0.1 * rng.normal(size=rows))


def accuracy_model(regressor):
    target = TransformedTargetRegressor(regressor, transformer=LogError(), check_inverse=False)
    return make_pipeline(Standardise(), target)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize(
    "estimator",
    [Standardise(), LogError(), Blend(MEMBERS), CrossValidated(LinearRegression())],
    ids=lambda one: type(one).__name__,
)
def test_they_keep_the_rules_of_scikit_learn(estimator):
    check_estimator(estimator)


def test_a_blend_is_the_weighted_mean_of_members_on_their_columns():
    x, y = measured(60, 0)
    blend = Blend(MEMBERS, column_groups=["signal", "noise"]).fit(x, y)
    gp = MaternGP().fit(x[:, :1], y).predict(x[:, :1])
    neighbours = KNeighborsRegressor(3).fit(x, y).predict(x)
    np.testing.assert_allclose(blend.predict(x), (2 * gp + neighbours) / 3)


def test_a_blend_tells_the_disagreement_of_its_members():
    x, y = measured(60, 0)
    blend = Blend([Member("line", LinearRegression()), Member("near", KNeighborsRegressor(1))])
    _, deviation = blend.fit(x, y).predict(x, return_std=True)
    line, near = (blend.regressors_[name].predict(x) for name in ("line", "near"))
    np.testing.assert_allclose(deviation, np.abs(line - near) / 2)
    assert blend.noise_std_ == 0


def test_columns_of_a_group_may_stand_apart():
    x, y = measured(60, 0)
    apart = np.column_stack([x[:, 1], x[:, 0], x[:, 1]])
    gp = MEMBERS[:1]
    np.testing.assert_allclose(
        Blend(gp, column_groups=["noise", "signal", "noise"]).fit(apart, y).predict(apart),
        Blend(gp, column_groups=["signal", "noise"]).fit(x, y).predict(x),
    )


def test_given_moments_scale_one_row_as_any_other():
    scale = Standardise(means=np.array([1.0, np.nan]), deviations=np.array([2.0, np.nan]), limit=3)
    x = np.array([[1.0, 0.0], [3.0, 4.0], [99.0, 2.0]])
    np.testing.assert_allclose(scale.fit(x).transform(x)[:, 0], [0, 1, 3])
    np.testing.assert_allclose(scale.transform(x[1:2]), [[1, np.sqrt(1.5)]])
    assert scale.transform(x).dtype == np.float32


def test_a_constant_column_says_nothing():
    x = np.array([[5.0, 1.0], [5.0, 2.0]])
    assert Standardise().fit(x).transform(x)[:, 0].tolist() == [0, 0]


def test_failed_trainings_count_as_the_low_quantile_and_all_others_come_back():
    y = np.linspace(0.05, 0.95, 101)[:, None]
    target = LogError(floor_quantile=0.1).fit(y)
    back = target.inverse_transform(target.transform(y))
    np.testing.assert_allclose(back[10:], y[10:])
    np.testing.assert_allclose(back[:10], y[10, 0])
    assert target.inverse_transform([[-3.0], [50.0]]).tolist() == [[0.0], [1.0]]
    assert np.isfinite(target.transform([[1.0]]))


REGRESSORS = (MaternGP(), Blend(MEMBERS), CrossValidated(LinearRegression(), random_state=0))


@pytest.mark.parametrize("regressor", REGRESSORS, ids=lambda one: type(one).__name__)
def test_intervals_hold_about_nine_in_ten_new_measurements(regressor):
    model = accuracy_model(regressor).fit(*measured(300, 0))
    x, y = measured(2000, 1)
    found = predict_interval(model, x)
    np.testing.assert_allclose(found.accuracy, model.predict(x))
    assert np.all((found.lower <= found.accuracy) & (found.accuracy <= found.upper))
    assert np.all((found.lower >= 0) & (found.upper <= 1))
    held = (found.lower <= y) & (y <= found.upper)
    assert LEVEL - 0.07 < held.mean() < LEVEL + 0.07


@pytest.mark.parametrize("regressor", REGRESSORS, ids=lambda one: type(one).__name__)
def test_one_row_alone_has_the_interval_that_it_has_among_others(regressor):
    model = accuracy_model(regressor).fit(*measured(50, 0))
    x, _ = measured(7, 1)
    alone = np.hstack([predict_interval(model, row[None]) for row in x])
    np.testing.assert_allclose(alone, predict_interval(model, x), atol=1e-5)


def test_an_interval_that_reaches_the_failed_trainings_goes_down_to_zero():
    x, y = measured(200, 0)
    y[x[:, 0] < -1] = 0.1
    found = predict_interval(accuracy_model(MaternGP()).fit(x, y), [[-2.0, 0.0], [2.0, 0.0]])
    assert found.lower[0] == 0
    assert found.lower[1] > 0.5
