"""The parts of the blend: scikit-learn's rules, what each leaves unchanged, intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from mbml.errors import UsageError
from mbml.plugins import WrongResultError
from mbml.predictors.blend import Blend, Member
from mbml.predictors.fitted import LEVEL, floor_of, has_intervals, predict_interval
from mbml.predictors.gp import MaternGP
from mbml.predictors.intervals import CrossValidated, calibrated
from mbml.predictors.transforms import LogError, Standardise, Unit

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
    [Standardise(), Unit(2.0), Blend(MEMBERS), CrossValidated(LinearRegression())],
    ids=lambda one: type(one).__name__,
)
def test_they_keep_the_rules_of_scikit_learn(estimator):
    check_estimator(estimator)


@pytest.mark.parametrize("transformer", [Standardise(), LogError(), Unit(2.0)], ids=repr)
def test_what_was_fitted_on_two_columns_transforms_two(transformer):
    fitted = transformer.fit([[0.1, 0.2], [0.3, 0.4]])
    assert fitted.transform([[0.1, 0.2]]).shape == (1, 2)
    with pytest.raises(ValueError, match="expecting 2 features"):
        fitted.transform([[0.1]])
    with pytest.raises(NotFittedError):
        type(transformer)().transform([[0.1]])


@pytest.mark.parametrize("y", [[-1e-9, 0.5], [0.5, 1 + 1e-9]])
def test_the_logarithm_of_the_error_is_of_fractions_alone(y):
    with pytest.raises(UsageError, match=r"learns fractions in \[0, 1\]"):
        LogError().fit(np.array(y)[:, None])
    assert LogError().fit([[0.0], [1.0]]).floors_ == pytest.approx([0.05])


def test_the_logarithm_of_the_error_is_that_of_each_column_above_its_floor():
    y = np.array([[0.1, 0.5], [0.2, 0.6], [0.3, 0.7], [0.999, 0.8], [1.0, 0.9]])
    target = LogError(floor_quantile=0.25).fit(y)
    assert target.floors_.tolist() == [0.2, 0.6]
    lifted = np.array([[0.2, 0.6], [0.2, 0.6], [0.3, 0.7], [0.999, 0.8], [0.999, 0.9]])
    np.testing.assert_allclose(target.transform(y), -np.log(1 - lifted))
    np.testing.assert_allclose(target.inverse_transform(target.transform(y)), lifted)
    assert LogError().floor_quantile == 0.05


@pytest.mark.parametrize("transformer", [LogError(), Unit(3.0)], ids=repr)
def test_targets_are_transformed_in_double_precision(transformer):
    y = np.array([[0.1], [0.7]], np.float32)
    fitted = transformer.fit(y)
    assert fitted.transform(y).dtype == fitted.inverse_transform(y).dtype == np.float64
    assert getattr(fitted, "floors_", y.astype(float)).dtype == np.float64
    fitted.fit([["0.1"], ["0.7"]])


def test_a_unit_is_a_factor_there_and_back():
    unit = Unit(100.0).fit([[0.5]])
    assert unit.transform([[0.25], [0.5]]).tolist() == [[25], [50]]
    assert unit.inverse_transform([[25.0], [50.0]]).tolist() == [[0.25], [0.5]]
    assert Unit().factor == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("transformer", [LogError(), Unit()], ids=repr)
def test_what_is_no_number_is_no_prediction(transformer, value):
    with pytest.raises(WrongResultError, match="predictions"):
        transformer.fit([[0.5]]).inverse_transform([[value]])


def test_moments_are_those_of_the_rows_unless_given():
    x = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 80.0]])
    scale = Standardise().fit(x)
    assert scale.means_.tolist() == x.mean(axis=0).tolist()
    np.testing.assert_allclose(scale.factors_, 1 / x.std(axis=0))
    np.testing.assert_allclose(scale.transform(x), (x - x.mean(axis=0)) / x.std(axis=0), rtol=1e-6)
    given = Standardise(means=np.array([np.nan, 1.0]), deviations=np.array([4.0, np.nan])).fit(x)
    assert given.means_.tolist() == [3, 1]
    np.testing.assert_allclose(given.factors_, [0.25, 1 / x[:, 1].std()])
    assert scale.transform([[1e9, -1e9]]).tolist() == [[4, -4]]


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


class Boaster(LinearRegression):
    """A regressor that understates its deviation, or overstates it."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = factor

    def fit(self, x, y):
        super().fit(x, y)
        self.noise_std_ = self.factor * np.std(y - super().predict(x))
        return self

    def predict(self, x, *, return_std=False):
        mean = super().predict(x)
        return (mean, np.zeros(len(mean))) if return_std else mean


REGRESSORS = (MaternGP(), Blend(MEMBERS), LinearRegression(), Boaster(0.1), Boaster(10))


@pytest.mark.parametrize("regressor", REGRESSORS, ids=repr)
def test_intervals_hold_about_nine_in_ten_new_measurements(regressor):
    model = accuracy_model(calibrated(regressor, seed=0)).fit(*measured(300, 0))
    x, y = measured(2000, 1)
    found = predict_interval(model, x)
    np.testing.assert_allclose(found.accuracy, model.predict(x))
    plain = accuracy_model(regressor).fit(*measured(300, 0))
    np.testing.assert_allclose(found.accuracy, plain.predict(x))
    assert np.all((found.lower <= found.accuracy) & (found.accuracy <= found.upper))
    assert np.all((found.lower >= 0) & (found.upper <= 1))
    held = (found.lower <= y) & (y <= found.upper)
    assert LEVEL - 0.04 < held.mean() < LEVEL + 0.04


def test_few_rows_make_wider_intervals_not_fewer_hits():
    x, y = measured(4000, 99)
    held = []
    for seed in range(40):
        model = accuracy_model(calibrated(LinearRegression(), seed=0)).fit(*measured(12, seed))
        found = predict_interval(model, x)
        held.append(np.mean((found.lower <= y) & (y <= found.upper)))
    assert np.mean(held) > LEVEL - 0.01


@pytest.mark.parametrize("regressor", REGRESSORS, ids=repr)
def test_one_row_alone_has_the_interval_that_it_has_among_others(regressor):
    model = accuracy_model(calibrated(regressor, seed=0)).fit(*measured(50, 0))
    x, _ = measured(7, 1)
    alone = np.hstack([predict_interval(model, row[None]) for row in x])
    np.testing.assert_allclose(alone, predict_interval(model, x), atol=1e-5)


def test_a_prediction_at_the_floor_of_failed_trainings_says_so():
    x, y = measured(200, 0)
    y[x[:, 0] < -1] = 0.1
    model = accuracy_model(calibrated(MaternGP(), seed=0)).fit(x, y)
    found = predict_interval(model, [[-2.0, 0.0], [2.0, 0.0]])
    assert found.accuracy[0] > 0.1
    assert found.lower[0] == 0
    assert found.lower[1] > 0.5
    assert found.at_floor.tolist() == [True, False]


def test_the_deviation_is_the_quantile_of_residuals_that_were_held_out():
    """By hand for a regressor that predicts means: nine in ten of all rows, one more to come."""
    x, y = measured(40, 3)
    model = CrossValidated(DummyRegressor(), folds=4, random_state=7).fit(x, y)
    folds = KFold(4, shuffle=True, random_state=7).split(x)
    left = np.concatenate([np.abs(y[held] - y[train].mean()) for train, held in folds])
    # 0.9 * (1 + 1 / 40) of 40 rows: the place 36 from 0 among 39 steps, rounded up.
    quantile = np.sort(left)[36]
    mean, deviation = model.predict(x[:3], return_std=True)
    np.testing.assert_allclose(mean, y.mean())
    np.testing.assert_allclose(deviation, quantile / 1.6448536269514722)
    assert LEVEL == 0.9


@pytest.mark.parametrize("rows", [2, 3, 6])
def test_there_are_no_more_folds_than_rows(rows):
    x, y = measured(rows, 0)
    model = CrossValidated(DummyRegressor(), random_state=0).fit(x, y)
    assert np.isfinite(model.predict(x, return_std=True)[1]).all()


def test_deviations_of_the_regressor_itself_are_scaled_by_one_factor():
    x, y = measured(60, 0)
    model = CrossValidated(Boaster(0.1), random_state=0).fit(x, y)
    _, deviation = model.predict(x, return_std=True)
    assert len(set(deviation.round(12))) == 1
    own = model.regressor_.noise_std_
    assert deviation[0] > 5 * own
    # A larger claim needs a smaller factor: what comes out agrees with the residuals.
    _, other = CrossValidated(Boaster(10), random_state=0).fit(x, y).predict(x, return_std=True)
    np.testing.assert_allclose(other, deviation)


def test_bounds_are_as_far_apart_as_the_level_says_and_the_floor_is_the_target_s():
    x, y = measured(300, 0)
    model = accuracy_model(calibrated(LinearRegression(), seed=0)).fit(x, y)
    found = predict_interval(model, x)
    error = -np.log(1 - np.column_stack([found.lower, found.accuracy, found.upper]))
    inside = found.lower > 0
    _, deviation = model[-1].regressor_.predict(model[:-1].transform(x), return_std=True)
    steps = np.diff(error, axis=1)[inside]
    np.testing.assert_allclose(steps, 1.6448536269514722 * deviation[inside, None].repeat(2, 1))
    assert floor_of(model) == np.quantile(y, 0.05)
    near = -np.log(1 - found.accuracy) - 0.5 * deviation <= -np.log(1 - floor_of(model))
    assert found.at_floor.tolist() == near.tolist()
    assert 0 < near.sum() < len(near)
    assert (found.lower == 0).sum() > near.sum()


def test_a_model_without_floor_or_intervals_says_so():
    x, y = measured(20, 0)
    plain = make_pipeline(Standardise(), LinearRegression()).fit(x, y)
    assert floor_of(plain) == -np.inf
    assert not has_intervals(plain)
    assert not has_intervals(accuracy_model(LinearRegression()).fit(x, y))
    assert has_intervals(accuracy_model(calibrated(LinearRegression(), seed=0)).fit(x, y))


def test_what_is_calibrated_is_not_calibrated_again():
    made = calibrated(LinearRegression(), seed=5)
    assert (made.random_state, made.folds) == (5, 5)
    assert calibrated(made, seed=6) is made


def test_a_blend_s_noise_and_doubt_are_weighted_means_of_its_members_that_have_some():
    x, y = measured(60, 0)
    sure, boastful = Boaster(0.5), Boaster(2.0)
    blend = Blend(
        [
            Member("one", sure, weight=3),
            Member("two", boastful, weight=1),
            Member("near", KNeighborsRegressor(1), weight=4),
        ]
    ).fit(x, y)
    one, two = (blend.regressors_[name].noise_std_ for name in ("one", "two"))
    assert blend.noise_std_ == pytest.approx(((3 * one**2 + two**2) / 4) ** 0.5)
    line, near = (blend.regressors_[name].predict(x) for name in ("one", "near"))
    mean, deviation = blend.predict(x, return_std=True)
    np.testing.assert_allclose(mean, (line + near) / 2)
    np.testing.assert_allclose(mean, blend.predict(x))
    np.testing.assert_allclose(deviation, np.abs(line - near) / 2, atol=1e-12)


def test_a_member_weighs_one_and_sees_all_unless_said():
    assert Member("x", None) == ("x", None, 1, ())
