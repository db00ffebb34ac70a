"""The Gaussian process: scikit-learn's own rules, and what is known of the answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import rankdata
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.utils.estimator_checks import check_estimator

from mbml.plugins import WrongResultError
from mbml.predictors.gp import MaternGP
from mbml.predictors.posterior import JITTER, squared_distances, to_covariance
from mbml.predictors.process import Prior, Process, negative_log_posterior, relative_noises


@pytest.fixture(scope="module")
def wave():
    """120 rows of 6 features, of which the first decides, and 40 rows more."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(160, 6))
    y = 3 + np.sin(2 * x[:, 0]) + 0.05 * rng.normal(size=160)
    return x[:120], y[:120], x[120:], y[120:]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_it_keeps_the_rules_of_scikit_learn():
    check_estimator(MaternGP())


def test_the_posterior_is_that_of_scikit_learn_at_the_same_hyperparameters(wave):
    x, y, others, _ = wave
    gp = MaternGP().fit(x, y)
    spread = np.std(y)
    kernel = ConstantKernel((gp.signal_std_ / spread) ** 2) * Matern(
        gp.length_scales_, nu=2.5
    ) + WhiteKernel((gp.noise_std_ / spread) ** 2)
    peer = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True).fit(x, y)
    mean, deviation = gp.predict(others, return_std=True)
    peer_mean, peer_deviation = peer.predict(others, return_std=True)
    np.testing.assert_allclose(mean, peer_mean, atol=1e-4)
    np.testing.assert_allclose(np.hypot(deviation, gp.noise_std_), peer_deviation, rtol=1e-3)


def test_without_scikit_learn_it_is_the_same_to_the_last_bit(wave):
    x, y, others, _ = wave
    settings = {"noise_slope": 0.7, "max_iter": 5, "max_rows": 60, "random_state": 1}
    found, expected = (
        one(**settings).fit(x, y).predict(others, return_std=True) for one in (Process, MaternGP)
    )
    np.testing.assert_array_equal(found, expected)


def test_without_scikit_learn_it_learns_from_no_nan(wave):
    x, y, *_ = wave
    with pytest.raises(ValueError, match="rows hold NaN or infinity"):
        Process().fit(np.where(x == x[7, 0], np.nan, x), y)
    with pytest.raises(WrongResultError, match="targets are NaN or infinite for 1 of 120 rows"):
        Process().fit(x, np.where(y == y[7], np.nan, y))


def test_equal_targets_share_their_noise():
    target = np.random.default_rng(0).integers(0, 9, 60) / 9
    expected = np.maximum(0.3 / (rankdata(target) / 60), 1) ** 1.5
    np.testing.assert_array_equal(relative_noises(target, 1.5), expected)


def test_the_gradient_is_that_of_the_posterior(wave):
    x, y, _, _ = wave
    x, target = x[:40], (y[:40] - y[:40].mean()) / y[:40].std()
    prior = Prior.of(x.shape[1], spread=1.3, noise=0.1)
    call = (x, target, relative_noises(target, 0.7), prior)
    rng = np.random.default_rng(5)
    for _ in range(3):
        vector = prior.means + 0.5 * rng.normal(size=len(prior.means))
        cost, gradient = negative_log_posterior(vector, *call)
        assert cost == pytest.approx(slow_negative_log_posterior(vector, *call), rel=1e-8)
        steps = approx_fprime(vector, lambda at: negative_log_posterior(at, *call)[0], 1e-7)
        np.testing.assert_allclose(gradient, steps, rtol=1e-3, atol=1e-3)


def slow_negative_log_posterior(vector, x, target, noises, prior):
    """The same by the formulas of a Gaussian process, up to the constant of the likelihood."""
    signal, noise, common = np.exp(vector[:3])
    weights = common * np.exp(prior.spread * vector[3:])
    r = np.sqrt(5 * (weights * (x[:, None] - x) ** 2).sum(axis=2))
    covariance = signal * (1 + r + r**2 / 3) * np.exp(-r)
    covariance += np.diag(noise * noises + JITTER)
    fit = target @ np.linalg.solve(covariance, target)
    away = (vector - prior.means) / prior.deviations
    return 0.5 * (fit + np.linalg.slogdet(covariance)[1] + away @ away)


def test_the_feature_that_decides_has_the_shortest_length_scale(wave):
    x, y, others, true = wave
    gp = MaternGP().fit(x, y)
    assert np.argmin(gp.length_scales_) == 0
    assert gp.length_scales_[0] < 0.2 * np.delete(gp.length_scales_, 0).min()
    assert np.mean((gp.predict(others) - true) ** 2) < 0.05 * np.var(true)
    assert gp.noise_std_ == pytest.approx(0.05, rel=0.5)


def test_one_row_alone_is_predicted_as_among_others(wave):
    x, y, others, _ = wave
    gp = MaternGP().fit(x, y)
    for form in (np.float64, np.float32):
        together = gp.predict(others.astype(form), return_std=True)
        alone = [gp.predict(row[None].astype(form), return_std=True) for row in others]
        np.testing.assert_allclose(np.hstack(alone), together, atol=1e-4)


def test_single_precision_is_enough(wave):
    x, y, others, _ = wave
    gp = MaternGP().fit(x, y)
    for exact, single in zip(
        gp.predict(others, return_std=True),
        gp.predict(others.astype(np.float32), return_std=True),
        strict=True,
    ):
        np.testing.assert_allclose(single, exact, atol=1e-4)


def test_the_order_of_features_and_the_unit_of_the_target_do_not_matter(wave):
    x, y, others, _ = wave
    plain = MaternGP().fit(x, y).predict(others)
    np.testing.assert_allclose(
        MaternGP().fit(x[:, ::-1], 100 * y + 7).predict(others[:, ::-1]),
        100 * plain + 7,
        atol=0.1,
    )


def test_many_features_that_repeat_each_other_do_no_harm(wave):
    x, y, others, true = wave
    mixing = np.random.default_rng(1).normal(size=(6, 300))
    mixing[:, :20] = np.eye(6)[:, :1]
    gp = MaternGP().fit(x @ mixing, y)
    assert np.mean((gp.predict(others @ mixing) - true) ** 2) < 0.1 * np.var(true)


def test_rows_beyond_max_rows_still_count_in_the_posterior(wave):
    x, y, _, _ = wave
    few = MaternGP(max_rows=30, random_state=0).fit(x, y)
    same = MaternGP(max_rows=30, random_state=0).fit(x, y)
    np.testing.assert_array_equal(few.length_scales_, same.length_scales_)
    assert np.max(np.abs(few.predict(x) - y)) < 0.5 * np.std(y)


def test_a_warm_start_goes_on_from_the_hyperparameters_before(wave):
    x, y, _, _ = wave
    whole = MaternGP(max_iter=200).fit(x, y)
    warm = MaternGP(max_iter=200, warm_start=True).fit(x, y)
    assert warm.n_iter_ == whole.n_iter_
    assert warm.fit(x, y).n_iter_ < whole.n_iter_ / 2
    assert warm.fit(x[:, :3], y).length_scales_.shape == (3,)


def test_noise_may_grow_towards_low_targets():
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, size=(300, 1))
    true = np.tanh(x[:, 0])
    y = true + rng.normal(size=300) * np.where(true < -0.8, 0.4, 0.02)
    even, sloped = (MaternGP(noise_slope=slope).fit(x, y) for slope in (0.0, 1.5))
    assert sloped.noise_std_ < 0.6 * even.noise_std_
    high = true > 0
    errors = [np.abs(gp.predict(x) - true)[high].mean() for gp in (even, sloped)]
    assert errors[1] < errors[0]


@pytest.mark.parametrize("y", [np.ones(5), np.array([0, 0, 0, 0, 1e9])])
def test_few_and_odd_targets_give_finite_answers(y):
    x = np.ones((5, 2))
    mean, deviation = MaternGP().fit(x, y).predict(x, return_std=True)
    assert np.isfinite(mean).all()
    assert np.isfinite(deviation).all()
    np.testing.assert_allclose(mean, np.mean(y), rtol=0.2)


def test_the_prior_is_the_one_that_was_published_with_the_predictor():
    prior = Prior.of(3, spread=1.5, noise=0.1)
    means = [0, np.log(0.1), -np.log(3) - 1, 0, 0, 0]
    deviations = np.array([2, 1.5, 2, 1, 1, 1])
    np.testing.assert_allclose(prior.means, means)
    np.testing.assert_allclose(prior.deviations, deviations)
    assert prior.spread == 1.5
    # Nothing is searched beyond eight deviations.
    np.testing.assert_allclose(
        prior.bounds(), np.column_stack([means - 8 * deviations, means + 8 * deviations])
    )
    vector = np.array([0.5, -1, 0.25, 1, -2, 0])
    found = prior.read(vector)
    assert (found.signal, found.noise) == pytest.approx((np.exp(0.5), np.exp(-1)))
    np.testing.assert_allclose(found.weights, np.exp(0.25 + 1.5 * vector[3:]))
    cost, gradient = prior.cost(vector)
    away = (vector - means) / deviations
    assert cost == pytest.approx((away**2).sum() / 2)
    np.testing.assert_allclose(gradient, away / deviations)


@pytest.mark.parametrize("slope", [0.0, 0.5, 2.0])
def test_the_noise_grows_below_the_lowest_three_tenths(slope):
    target = np.array([5.0, 1, 2, 9, 3, 4, 6, 7, 8, 10])
    shares = target / 10
    expected = np.where(shares < 0.3, (0.3 / shares) ** slope, 1)
    np.testing.assert_allclose(relative_noises(target, slope), expected)


def test_covariances_are_those_of_the_matern_kernel():
    rng = np.random.default_rng(0)
    a, b = rng.random((5, 3)), rng.random((4, 3))
    distances = np.linalg.norm(a[:, None] - b, axis=2)
    squared = squared_distances(a, b)
    np.testing.assert_allclose(squared, distances**2, atol=1e-12)
    assert (squared_distances(a, a) >= 0).all()
    scaled = 5 * squared
    to_covariance(scaled, 2.5)
    r = np.sqrt(5) * distances
    np.testing.assert_allclose(scaled, 2.5 * (1 + r + r**2 / 3) * np.exp(-r))


def test_a_process_has_the_settings_it_was_published_with_unless_said():
    assert MaternGP().get_params() == {
        "weight_spread": 1.5,
        "noise": 0.1,
        "noise_slope": 0.0,
        "max_iter": 40,
        "max_rows": 1000,
        "warm_start": False,
        "random_state": None,
    }
    assert JITTER == 1e-6
