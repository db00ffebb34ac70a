"""Estimators of the published study with fixed settings, for `mbml train`.

Their target is in percent on NAS-Bench-201 and NATS-Bench and a fraction on NAS-Bench-101, so that
a setting in the unit of the target is moderate on the first and does little on the second.
"""

from __future__ import annotations

from typing import Any


def linear_regression(seed: int) -> Any:  # noqa: ARG001
    """Return ordinary least squares."""
    from sklearn.linear_model import LinearRegression

    return LinearRegression()


def sgd(seed: int) -> Any:
    """Return a linear model fitted by stochastic gradient descent."""
    from sklearn.linear_model import SGDRegressor

    return SGDRegressor(max_iter=9000, random_state=seed)


def lasso(seed: int) -> Any:
    """Return a linear model with an L1 penalty."""
    from sklearn.linear_model import Lasso

    return Lasso(alpha=0.001, max_iter=9000, random_state=seed)


def bayesian_ridge(seed: int) -> Any:  # noqa: ARG001
    """Return a linear model that finds its penalty itself."""
    from sklearn.linear_model import BayesianRidge

    return BayesianRidge()


def k_neighbors(seed: int) -> Any:  # noqa: ARG001
    """Return the mean of the nearest neighbours."""
    from sklearn.neighbors import KNeighborsRegressor

    # A search tree would be slower for so few rows, and could not be checked in a saved model.
    return KNeighborsRegressor(n_neighbors=15, algorithm="brute")


def decision_tree(seed: int) -> Any:
    """Return a single tree."""
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(min_samples_leaf=10, random_state=seed)


def svr(seed: int) -> Any:  # noqa: ARG001
    """Return support vector regression with a radial kernel."""
    from sklearn.svm import SVR

    return SVR(C=10, epsilon=0.01)


def mlp(seed: int) -> Any:
    """Return a network with one hidden layer of 100 units, as scikit-learn has it by default."""
    from sklearn.neural_network import MLPRegressor

    return MLPRegressor(max_iter=3000, random_state=seed)


def random_forest(seed: int) -> Any:
    """Return a forest."""
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(n_estimators=300, min_samples_leaf=5, random_state=seed)


def ada_boost(seed: int) -> Any:
    """Return boosted shallow trees, by reweighting."""
    from sklearn.ensemble import AdaBoostRegressor

    return AdaBoostRegressor(n_estimators=150, learning_rate=0.1, random_state=seed)


def gradient_boosting(seed: int) -> Any:
    """Return boosted shallow trees, by gradients."""
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(
        n_estimators=300, learning_rate=0.03, subsample=0.5, min_samples_leaf=5, random_state=seed
    )


def dummy(seed: int) -> Any:  # noqa: ARG001
    """Return the mean of the training targets."""
    from sklearn.dummy import DummyRegressor

    return DummyRegressor()
