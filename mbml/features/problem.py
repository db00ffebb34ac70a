"""What a predictor learns from: a view's target, and any feature set of its architectures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from mbml import frames
from mbml.errors import UsageError
from mbml.features.parts import Cost

if TYPE_CHECKING:
    from mbml.datasets import MetaDataset
    from mbml.features.registry import FeatureSet
    from mbml.frames import LearningProblem
    from mbml.store import Warehouse


def learning_problem(
    warehouse: Warehouse,
    dataset: MetaDataset,
    features: FeatureSet,
    *,
    target: str = "valid_accuracy",
) -> LearningProblem:
    """Read the target of a view, and read or compute its features.

    Parameters
    ----------
    warehouse
        An open warehouse.
    dataset
        The view.
    features
        The feature set.
    target
        The outcome to predict.

    Returns
    -------
    LearningProblem
        Its `x` has the columns `features.columns(dataset.benchmark)`; architectures without the
        target or without a measured feature are left out, and counted.

    Raises
    ------
    UsageError
        The features are not defined for the benchmark, the target is no outcome, or no row has one.
    """
    parts = features.parts_for(dataset.benchmark)
    in_view = [column.name for part in parts if part.in_view for column in part.columns]
    problem = frames.learning_problem(warehouse, dataset, in_view, target=target)
    pieces = [problem.x]
    cost = Cost()
    for part in parts:
        if not part.in_view:
            piece, price = part.of_rows(warehouse, dataset, problem.rows["arch_id"])
            pieces.append(piece)
            cost += price
    x = pl.concat(pieces, how="horizontal").select(features.columns(dataset.benchmark))
    problem = replace(problem, x=x, feature_epochs=cost.epochs, feature_seconds=cost.seconds)
    return _with_all_features(problem, features)


def _with_all_features(problem: LearningProblem, features: FeatureSet) -> LearningProblem:
    """Leave out architectures whose features are not all known."""
    if not any(series.null_count() for series in problem.x):
        return problem
    known = problem.x.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
    if not known.any():
        raise UsageError(
            f"{problem.dataset.name}: no architecture has all of {features.name} and a target"
        )
    return replace(
        problem,
        x=problem.x.filter(known),
        y=problem.y[known.to_numpy()],
        rows=problem.rows.filter(known),
        left_out=problem.left_out + len(known) - int(known.sum()),
    )
