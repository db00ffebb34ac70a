"""Predictors fitted anew for the report, on one named split and seed: what they rely on, and err.

Results keep scores, not models. Few rows are fitted and looked at, so that it takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mbml.errors import UsageError
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.predictors.intervals import predict_interval
from mbml.predictors.registry import predictor
from mbml.predictors.training import train_on
from mbml.reports import predictions, reliance
from mbml.reports.content import Paragraph, Section
from mbml.reports.evaluated import surrogate_warning
from mbml.reports.material import title_of, title_of_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mbml.datasets import MetaDataset
    from mbml.frames import LearningProblem
    from mbml.predictors.intervals import Interval
    from mbml.predictors.training import TrainReport
    from mbml.reports.content import Block
    from mbml.reports.material import Material

PREDICTORS = ("linear_regression", "xgboost")
FEATURES, SPLIT, SEED, TRAIN_SIZE = "published", "published", 0, 860
#: Architectures that are looked at beside those trained on, and the fewest rows that are fitted.
LOOKED_AT, FEWEST = 10_000, 20


@dataclass(frozen=True, kw_only=True)
class Refit:
    """The predictors of one meta-dataset, by name, and the intervals of the one that has them."""

    reports: Mapping[str, TrainReport]
    intervals: Interval

    @property
    def held_out(self) -> LearningProblem:
        """The architectures that were predicted."""
        one = self.reports[PREDICTORS[0]]
        return _rows(one.tested, one.split.held_out)


def make(material: Material) -> list[Section]:
    """Return a section for each benchmark."""
    return [_benchmark(material, one) for one in material.benchmarks]


def _benchmark(material: Material, benchmark: str) -> Section:
    # The longest training of the first data set with a validation set of its own.
    datasets = [one for one in material.of(benchmark) if one.target_view is None]
    datasets = datasets or list(material.of(benchmark))
    first = datasets[0].dataset
    dataset = max(
        (one for one in datasets if one.dataset == first),
        key=lambda one: (one.schedule_epochs, one.epoch),
    )
    blocks = _blocks(material, dataset)
    title = f"{title_of(benchmark)}: what predictors rely on, and how they err"
    return Section(name=f"{benchmark}-refitted", title=title, blocks=tuple(blocks))


def _blocks(material: Material, dataset: MetaDataset) -> list[Block]:
    try:
        problem = learning_problem(material.warehouse, dataset, feature_set(FEATURES))
    except UsageError as error:
        return [Paragraph(text=f"Nothing is fitted here. {error}")]
    if len(problem.y) < FEWEST:
        text = f"Nothing is fitted here: {dataset.name} has {len(problem.y)} rows with a target."
        return [Paragraph(text=f"{text} It takes {FEWEST}.")]
    made = _refit(problem)
    return [
        *([surrogate_warning()] if problem.is_surrogate else []),
        _said(problem, made),
        *reliance.blocks(dataset.benchmark, made),
        *predictions.blocks(dataset.benchmark, made),
    ]


def _refit(problem: LearningProblem) -> Refit:
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
        for name in PREDICTORS
    }
    last = reports[PREDICTORS[-1]]
    intervals = predict_interval(last.regressor, tested.x[last.split.held_out])
    return Refit(reports=reports, intervals=intervals)


def _rows(problem: LearningProblem, places: np.ndarray) -> LearningProblem:
    return replace(problem, x=problem.x[places], y=problem.y[places], rows=problem.rows[places])


def _said(problem: LearningProblem, made: Refit) -> Paragraph:
    size = made.reports[PREDICTORS[0]].train_size
    return Paragraph(
        text=(
            f"Fitted for this report alone: {' and '.join(PREDICTORS)} with the settings of mbml"
            f" train, on the features {FEATURES}, {size} architectures of"
            f" {title_of_view(problem.dataset.name)}, target {problem.target}, split {SPLIT},"
            f" seed {SEED}."
            f" All below is of {len(made.held_out.y):,} others of the {len(problem.y):,}"
            " that have the target."
        )
    )
