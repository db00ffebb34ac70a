"""The registry of predictors, with the fixed settings that `mbml train` uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mbml.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A regressor that can be asked for by name.

    Attributes
    ----------
    name
        Name on the command line.
    meaning
        What it is, in one line.
    make
        Build the scikit-learn regressor for a seed.
    """

    name: str
    meaning: str
    make: Callable[[int], Any]


def _linear_regression(seed: int) -> Any:  # noqa: ARG001
    from sklearn.linear_model import LinearRegression

    return LinearRegression()


def _random_forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(n_estimators=300, min_samples_leaf=5, random_state=seed)


def _xgboost(seed: int) -> Any:
    from xgboost import XGBRegressor

    return XGBRegressor(
        n_estimators=300,
        max_depth=4,
        learning_rate=0.03,
        subsample=0.6,
        min_child_weight=2,
        n_jobs=1,
        random_state=seed,
    )


def _dummy(seed: int) -> Any:  # noqa: ARG001
    from sklearn.dummy import DummyRegressor

    return DummyRegressor()


PREDICTORS: dict[str, Predictor] = {
    one.name: one
    for one in (
        Predictor(
            name="linear_regression",
            meaning="ordinary least squares",
            make=_linear_regression,
        ),
        Predictor(
            name="random_forest",
            meaning="300 trees, at least 5 architectures in a leaf",
            make=_random_forest,
        ),
        Predictor(
            name="xgboost",
            meaning="300 boosted trees of depth 4",
            make=_xgboost,
        ),
        Predictor(
            name="dummy",
            meaning="the mean of the training targets: the floor",
            make=_dummy,
        ),
    )
}


def predictor(name: str) -> Predictor:
    """Return a predictor by name.

    Raises
    ------
    UsageError
        There is none of that name; close names are told.
    """
    try:
        return PREDICTORS[name]
    except KeyError:
        raise unknown_name("predictor", name, PREDICTORS) from None
