"""What a predictor learns from: a view's target, and any feature set of its architectures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from mbml import frames
from mbml.errors import UsageError
from mbml.features.parts import MeasuringCost
from mbml.features.proxy import proxies_at_hand
from mbml.features.registry import feature_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from mbml.benchmarks import MetaDataset
    from mbml.features.parts import Part
    from mbml.features.registry import FeatureSet
    from mbml.frames import LearningProblem
    from mbml.store import Warehouse


def learning_problem(
    warehouse: Warehouse,
    dataset: MetaDataset,
    features: FeatureSet,
    *,
    target: str = "valid_accuracy",
    notify: Callable[[str], None] | None = None,
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
        The outcome to predict, or a size that is known without training, such as a latency.
    notify
        Told the notes of the problem, each as soon as it is known.

    Returns
    -------
    LearningProblem
        Its `x` has the columns `features.columns(dataset.benchmark)`; architectures without the
        target or without a measured feature are left out, and counted.

    Raises
    ------
    UsageError
        The features are not defined for the benchmark, the target is among them, or no row has it.
    """
    if notify is not None and features.note:
        notify(features.note)
    parts = features.parts_for(dataset.benchmark)
    read = [part for part in parts if part.in_view and _has(warehouse, dataset, part)]
    in_view = [column.name for part in read for column in part.columns]
    problem = frames.stored_problem(warehouse, dataset, in_view, target=target)
    frames.check_apart(features.columns(dataset.benchmark), target)
    pieces = [problem.x]
    cost = MeasuringCost()
    for part in parts:
        if part not in read:
            piece, price = part.of_rows(warehouse, dataset, problem.rows["arch_id"])
            pieces.append(piece)
            cost += price
    x = pl.concat(pieces, how="horizontal").select(features.columns(dataset.benchmark))
    problem = replace(
        problem,
        x=x,
        feature_epochs=cost.epochs,
        feature_seconds=cost.seconds,
        feature_note=features.note,
    )
    problem = _with_all_features(problem, features)
    if notify is not None:
        for note in problem.notes:
            if note != features.note:
                notify(note)
    return problem


def held_features(warehouse: Warehouse, dataset: MetaDataset, features: FeatureSet) -> FeatureSet:
    """Return a feature set with `proxy` put for the proxies that are held of a view's cells.

    Results and models name the columns that were learned from: `proxy` stays what it is where these
    are the published proxies, and is named `proxy:NAME,NAME` where they are others.

    Raises
    ------
    UsageError
        None is held, or none that a feature set can name.
    """
    if not features.as_held:
        return features
    sets = features.name.split("+")
    name, note = proxies_at_hand(warehouse, dataset)
    if name != "proxy":
        features = feature_set("+".join(name if one == "proxy" else one for one in sets))
    return replace(features, note=note, as_held=False)


def _has(warehouse: Warehouse, dataset: MetaDataset, part: Part) -> bool:
    """Tell whether a view has the columns of a part, as those of trainings do."""
    if dataset.epoch and not dataset.is_own:
        return True
    held = frames.view_columns(warehouse, dataset.name)
    return all(column.name in held for column in part.columns)


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
