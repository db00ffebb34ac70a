"""What a predictor learns from: a view's target, and any feature set of its architectures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mbml import frames

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

    Raises
    ------
    UsageError
        The features are not defined for the benchmark, the target is no outcome, or no row has one.
    """
    columns = features.columns(dataset.benchmark)
    if dataset.benchmark in features.view_columns:
        return frames.learning_problem(warehouse, dataset, columns, target=target)
    problem = frames.learning_problem(warehouse, dataset, [], target=target)
    cells = frames.read_cells(warehouse, problem.rows["arch_id"])
    return replace(problem, x=features.topologies[dataset.benchmark].frame(cells))
