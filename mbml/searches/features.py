"""Features of all candidates as one matrix, computed once and shared by every run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mbml.errors import UsageError
from mbml.features.parts import TopologyPart
from mbml.features.problem import held_features, learning_problem
from mbml.features.registry import feature_set
from mbml.features.topology.moments import Moments
from mbml.frames import cell_texts, stored_problem
from mbml.predictors.fitted import FittedStandardise
from mbml.predictors.preparation import Columns
from mbml.searches.candidates import Features

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from mbml.benchmarks import MetaDataset
    from mbml.features.parts import Part
    from mbml.features.registry import FeatureSet
    from mbml.frames import LearningProblem
    from mbml.store import Warehouse


class ReadFeatures(NamedTuple):
    """Features of a view's architectures.

    Attributes
    ----------
    features
        The features.
    problem
        The target, and the keys of the same rows.
    cells
        Texts of the same architectures, as their space reads them.
    """

    features: Features
    problem: LearningProblem
    cells: pl.Series


#: Rows handled together, so that no second matrix of full size is made. No power of two: at such
#: distances, columns take the same places of the processor's cache.
_ROWS_AT_ONCE = 8_000


@dataclass(frozen=True, kw_only=True)
class FeatureRequest:
    """The features that a strategy works with.

    Attributes
    ----------
    name
        Of a feature set.
    without
        Groups of topology features that are left out.
    standardised
        True for features scaled over the whole space, in single precision; False as they are.
    """

    name: str
    without: tuple[str, ...] = ()
    standardised: bool = False


def read_features(
    warehouse: Warehouse,
    dataset: MetaDataset,
    request: FeatureRequest,
    *,
    target: str,
    notify: Callable[[str], None] | None = None,
) -> ReadFeatures:
    """Read or compute the features of a view's architectures, with their target and keys.

    Raises
    ------
    UsageError
        The features cost training, which a search would not pay for, or do not fit the view.
    """
    features = held_features(warehouse, dataset, feature_set(request.name))
    if request.without:
        features = _without(features, dataset.benchmark, request.without)
    columns = Columns.of(features, dataset.benchmark)
    part, *more = features.parts_for(dataset.benchmark)
    is_stored = not np.isnan(columns.moments).any()
    if request.standardised and is_stored and isinstance(part, TopologyPart) and not more:
        # Computed in pieces, so that half a gigabyte is not held, and copied, as a frame as well.
        problem = stored_problem(warehouse, dataset, [], target=target)
        if notify is not None:
            for note in problem.notes:
                notify(note)
        cells, topology = cell_texts(warehouse, problem.rows["arch_id"]), part.topology
        matrix = _standardised(
            lambda rows: topology.matrix(cells[rows].to_list()).T, len(cells), columns.moments
        )
        return ReadFeatures(Features(features.name, matrix, columns), problem, cells)
    problem = learning_problem(warehouse, dataset, features, target=target, notify=notify)
    if problem.feature_epochs:
        raise UsageError(
            f"{request.name} costs {problem.feature_epochs} epochs of training for each"
            " architecture, which no search pays for; choose features that are known untrained"
        )
    if request.standardised:
        moments = _completed(columns.moments, problem.x)
        matrix = _standardised(lambda rows: problem.x[rows].to_numpy(), problem.x.height, moments)
    else:
        matrix = problem.x.to_numpy(order="c")
    cells = cell_texts(warehouse, problem.rows["arch_id"])
    return ReadFeatures(Features(features.name, matrix, columns), problem, cells)


def _completed(moments: Moments, x: pl.DataFrame) -> Moments:
    """Put those of the rows in the place of moments that are NaN."""
    means, deviations = (values.copy() for values in moments)
    for place in np.flatnonzero(np.isnan(means)):
        values = x[:, int(place)].to_numpy().astype(np.float64)
        means[place], deviations[place] = values.mean(), values.std()
    return Moments(means, deviations)


def _standardised(
    piece: Callable[[slice], NDArray[Any]], height: int, moments: Moments
) -> NDArray[np.float32]:
    """Standardise rows as predictors do, piece by piece."""
    scaler = FittedStandardise().scale_by(*moments)
    result = np.empty((height, scaler.n_features_in_), dtype=np.float32)
    for start in range(0, height, _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        result[rows] = scaler.transform(piece(rows))
    return result


def _without(features: FeatureSet, benchmark: str, groups: tuple[str, ...]) -> FeatureSet:
    kept = tuple(_kept(part, groups) for part in features.parts_for(benchmark))
    return replace(features, parts={benchmark: kept})


def _kept(part: Part, groups: tuple[str, ...]) -> Any:
    if not isinstance(part, TopologyPart):
        return part
    kept = {name: held for name, held in part.topology.groups.items() if name not in groups}
    return TopologyPart(replace(part.topology, groups=kept))
