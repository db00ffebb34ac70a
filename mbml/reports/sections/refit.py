"""Predictors fitted anew for the report, on one named split and seed.

Results keep scores, not models. Few rows are fitted and looked at, so that it takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mbml.features.registry import feature_set
from mbml.predictors.fitted import predict_interval
from mbml.predictors.registry import predictor
from mbml.predictors.training import train_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mbml.frames import LearningProblem
    from mbml.predictors.fitted import Interval
    from mbml.predictors.training import TrainReport

REFITTED = ("linear_regression", "xgboost")
FEATURES, SPLIT, SEED, TRAIN_SIZE = "published", "published", 0, 860
#: Architectures that are looked at beside those trained on.
LOOKED_AT = 10_000


@dataclass(frozen=True, kw_only=True)
class Refit:
    """The predictors of one meta-dataset, by name, and the intervals of the one that has them."""

    reports: Mapping[str, TrainReport]
    intervals: Interval

    @property
    def held_out(self) -> LearningProblem:
        """The architectures that were predicted."""
        one = self.reports[REFITTED[0]]
        return _rows(one.tested, one.split.held_out)


def refit(problem: LearningProblem) -> Refit:
    """Fit the predictors on some architectures, and let them predict some others."""
    size = min(TRAIN_SIZE, len(problem.y) // 2)
    many = min(len(problem.y), LOOKED_AT + size)
    drawn = np.random.default_rng(SEED).choice(len(problem.y), many, replace=False)
    tested = _rows(problem, np.sort(drawn))
    reports = {
        name: train_on(
            problem,
            feature_set(FEATURES),
            tested=tested,
            predictor=predictor(name),
            train_size=size,
            seed=SEED,
            split=SPLIT,
        )
        for name in REFITTED
    }
    last = reports[REFITTED[-1]]
    intervals = predict_interval(last.regressor, tested.x[last.split.held_out])
    return Refit(reports=reports, intervals=intervals)


def _rows(problem: LearningProblem, places: np.ndarray) -> LearningProblem:
    return replace(problem, x=problem.x[places], y=problem.y[places], rows=problem.rows[places])
