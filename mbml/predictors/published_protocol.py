"""The published study's estimators: each searches its own settings on the rows it is fitted on.

A search is a regressor like any other: `fit` draws 100 settings, scores each by R² in three folds,
and fits the best again on all rows.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import partial
from typing import Any

from mbml.errors import unknown_name
from mbml.predictors.preparation import published_preparation
from mbml.predictors.published_grids import GRIDS, living
from mbml.predictors.registry import PREDICTORS, Predictor, predictor

DRAWS = 100
FOLDS = 3
FEWEST_ROWS = 2 * FOLDS
SEEDS = (0, 1, 10, 42, 100, 123, 666, 1000, 1234, 12345)
TRAIN_SIZES = (43, 86, 129, 172, 344, 860)
#: Prefix of the settings of an estimator inside another.
INNER = "regressor__"
#: Not tuned in the publication; here with the registry's settings, on the published features.
OURS = ("mlp", "xgboost")


def published_search(name: str, seed: int) -> Any:
    """Return the estimator behind its published search, not fitted yet.

    Parameters
    ----------
    name
        A name of `GRIDS`.
    seed
        Seed of the draws, and of the estimator where it has one.

    Returns
    -------
    sklearn.model_selection.GridSearchCV
        Over the settings drawn, each once; the order decides between equal scores.
    """
    from sklearn.model_selection import GridSearchCV

    from mbml.predictors.normalised import Normalised

    estimator = type(PREDICTORS[name].make(seed))()
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=seed)
    inner = ""
    if "normalize" in GRIDS[name]:
        estimator, inner = Normalised(estimator), INNER
    candidates = [
        {key if key == "normalize" else inner + key: [value] for key, value in settings.items()}
        for settings in drawn(name, seed)
    ]
    return GridSearchCV(estimator, candidates, cv=FOLDS, scoring="r2")


def drawn(name: str, seed: int) -> list[dict[str, Any]]:
    """Draw settings as the published search does, and leave out what became equal to another."""
    from sklearn.model_selection import ParameterSampler

    with warnings.catch_warnings():
        # A grid of fewer points than draws is tried whole, as it was then.
        warnings.filterwarnings("ignore", "The total space of parameters", UserWarning)
        points = list(ParameterSampler(GRIDS[name], DRAWS, random_state=seed))
    settings = {repr(sorted(one.items())): one for one in (living(name, each) for each in points)}
    return list(settings.values())


#: Predictors of the preset, the quick ones first.
PUBLISHED_GRIDS: dict[str, Predictor] = {
    name: replace(
        PREDICTORS[name], make=partial(published_search, name), prepare=published_preparation
    )
    for name in PREDICTORS
    if name in GRIDS
} | {
    name: replace(PREDICTORS[name], prepare=published_preparation, features="published")
    for name in OURS
}


def published_predictor(name: str) -> Predictor:
    """Return a predictor of the published study by name.

    Raises
    ------
    UsageError
        The study has none of that name.
    """
    predictor(name)
    if name not in PUBLISHED_GRIDS:
        raise unknown_name("predictor of the published study", name, PUBLISHED_GRIDS)
    return PUBLISHED_GRIDS[name]
