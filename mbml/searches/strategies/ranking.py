"""Strategies with a predictor of the registry: rank all once, or rank mutants round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from mbml.plugins import guard
from mbml.predictors.numbers import checked_numbers
from mbml.predictors.registry import predictor as predictor_by_name
from mbml.searches.candidates import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mbml.predictors.registry import Predictor
    from mbml.searches.candidates import Asking, Candidates

    Values = NDArray[np.float64]
    Scoring = Callable[["_Fitted", NDArray[Any], np.random.Generator], Values]

#: The best so far that mutants come from.
_PARENTS = 10
#: Draws of mutants for each that is wanted; a small neighbourhood has fewer.
_DRAWS_EACH = 5
#: Rows predicted together, so that memory does not grow with their number.
_ROWS_AT_ONCE = 65_536


class _Fitted(NamedTuple):
    predictor: Predictor
    model: Any


def rank_once(
    candidates: Candidates, rng: np.random.Generator, *, predictor: str, initial: int | None
) -> Asking:
    """Train a predictor on random candidates, then ask for all others in the order it ranks them.

    Unless `initial` says how many, nine tenths of what the budget pays for are random.
    """
    affordable = int(candidates.affordable)
    count = initial or max(1, affordable - max(1, affordable // 10))
    rows = rng.permutation(len(candidates))
    values: dict[int, float] = {}
    for row in rows[:count].tolist():
        values[row] = yield Query(row)
    others = np.sort(rows[count:])
    if len(others):
        model = _fitted(candidates, values, predictor, rng)
        predicted = _means(model, _features(candidates), others)
        for row in others[np.argsort(-predicted, kind="stable")].tolist():
            yield Query(row)


def npenas(candidates: Candidates, rng: np.random.Generator, **settings: Any) -> Asking:
    """Mutate the best so far, and ask for the mutants that a predictor ranks first.

    References
    ----------
    Wei et al., *NPENAS: neural predictor guided evolution for neural architecture search*, 2020;
    here with a predictor of this project.
    """
    return _rounds(candidates, rng, lambda model, x, _: _mean(model, x), **settings)


def bananas(candidates: Candidates, rng: np.random.Generator, **settings: Any) -> Asking:
    """Mutate the best so far, and ask for those mutants whose drawn accuracy is highest.

    Each mutant's accuracy is drawn from the predictor's own doubt of it (independent Thompson
    sampling).

    References
    ----------
    White, Neiswanger and Savani, *BANANAS: Bayesian optimization with neural architectures for
    neural architecture search*, 2021; here with a predictor of this project.
    """
    return _rounds(candidates, rng, _thompson, **settings)


def _rounds(
    candidates: Candidates,
    rng: np.random.Generator,
    scoring: Scoring,
    *,
    predictor: str,
    initial: int,
    batch: int,
    mutants: int,
) -> Asking:
    values: dict[int, float] = {}
    for row in rng.permutation(len(candidates))[:initial].tolist():
        values[row] = yield Query(row)
    while len(values) < len(candidates):
        pool = np.array(_mutants(candidates, values, mutants, rng))
        model = _fitted(candidates, values, predictor, rng)
        scores = scoring(model, _features(candidates)[pool], rng)
        for row in pool[np.argsort(-scores, kind="stable")][:batch].tolist():
            values[row] = yield Query(row)


def _mutants(
    candidates: Candidates, values: dict[int, float], count: int, rng: np.random.Generator
) -> list[int]:
    """Draw mutants of the best so far that were not asked for; a random candidate if none is."""
    parents = sorted(values, key=values.__getitem__, reverse=True)[:_PARENTS]
    found: dict[int, None] = {}
    for draw in range(count * _DRAWS_EACH):
        if len(found) == count:
            break
        child = candidates.mutate(parents[draw % len(parents)], rng)
        if child not in values:
            found[child] = None
    if found:
        return list(found)
    return [next(row for row in rng.permutation(len(candidates)).tolist() if row not in values)]


def _fitted(
    candidates: Candidates, values: dict[int, float], predictor: str, rng: np.random.Generator
) -> _Fitted:
    if candidates.features is None:
        raise ValueError("a predictor needs features of the candidates")
    chosen = predictor_by_name(predictor)
    seed = int(rng.integers(2**31))
    model = chosen.build(seed, candidates.features.columns, candidates.dataset)
    with threadpool_limits(limits=1):
        chosen.fit(model, _features(candidates)[list(values)], np.array(list(values.values())))
    return _Fitted(chosen, model)


def _features(candidates: Candidates) -> NDArray[Any]:
    if candidates.features is None:
        raise ValueError("a predictor needs features of the candidates")
    return candidates.features.matrix


def _mean(fitted: _Fitted, x: NDArray[Any]) -> Values:
    with threadpool_limits(limits=1):
        return fitted.predictor.predict(fitted.model, x).astype(np.float64)


def _means(model: _Fitted, x: NDArray[Any], rows: NDArray[np.int64]) -> Values:
    parts = range(0, len(rows), _ROWS_AT_ONCE)
    return np.concatenate([_mean(model, x[rows[at : at + _ROWS_AT_ONCE]]) for at in parts])


def _thompson(fitted: _Fitted, x: NDArray[Any], rng: np.random.Generator) -> Values:
    """Draw the transformed target of each row; its order is that of accuracies."""
    name, model = fitted.predictor.name, fitted.model
    with (
        threadpool_limits(limits=1),
        guard(fitted.predictor.owner, "failed in predict with return_std"),
    ):
        found = model[-1].regressor_.predict(model[:-1].transform(x), return_std=True)
        mean, deviation = (checked_numbers(one, len(x), f"predictions of {name}") for one in found)
    drawn: Values = mean + deviation * rng.standard_normal(len(mean))
    return drawn
