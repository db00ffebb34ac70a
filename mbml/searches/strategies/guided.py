"""Guided search: a Gaussian process on topology features proposes what may improve most.

Each round fits all that was seen and takes the candidates of highest expected improvement, no two
of them of one function. What is handed over was queried, and is good by its own measurement and by
what the process says of it, which knows of its neighbours.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr
from threadpoolctl import ThreadpoolController

from mbml.predictors.process import Process
from mbml.predictors.stretch import floors_of, stretched
from mbml.searches.candidates import HandOver, Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mbml.searches.candidates import Asking, Candidates

    Values = NDArray[np.float64]

#: Steps of a fit's search for length-scales.
_FIT_STEPS = 25
#: A larger space is predicted as a whole in the first two rounds and at these numbers of queries;
#: in between its best-predicted candidates alone.
_WHOLE_AT = (60, 100, 150, 200, 300)
_POOL = 40_000
#: Candidates by predicted mean whose deviation is computed as well.
_SHORT_LIST = 10_000
#: From so many queries on, the posterior has a say in what is handed over; before, it knows little.
_ENOUGH = 50
#: Weight of a cell's own measurement then; that of the posterior mean is the rest.
_OWN_WEIGHT = 0.3
#: A budget that is a share of all trainings may come out just below a whole number of them.
_TOLERANCE = 1e-9


class _Tuning(NamedTuple):
    """What suits a benchmark: settings that are not given, and spread of the length-scales."""

    initial: int
    batch: int
    floor_quantile: float
    weight_spread: float


_TUNING = {
    "nasbench101": _Tuning(20, 10, 0.3, 1.0),
    "nasbench201": _Tuning(10, 5, 0.4, 1.5),
    "natsbench_sss": _Tuning(10, 5, 0.4, 1.5),
}
#: For benchmarks of plug-ins, on which nothing was tuned.
_UNTUNED = _TUNING["nasbench201"]


def guided(
    candidates: Candidates,
    rng: np.random.Generator,
    *,
    initial: int | None,
    batch: int | None,
    floor_quantile: float | None,
    confirm: int,
) -> Asking:
    """Ask for random candidates, then for those of highest expected improvement, in batches.

    The last queries go to second trials of as many finalists as `confirm` says.
    """
    tuned = _TUNING.get(candidates.dataset.benchmark, _UNTUNED)
    start = min(initial or tuned.initial, len(candidates))
    room = len(candidates)
    if confirm:
        room = min(room, max(start, int(candidates.affordable + _TOLERANCE) - confirm))
    model = _Model(candidates, tuned, floor_quantile)
    asked = rng.choice(len(candidates), start, replace=False).tolist()
    trials: dict[int, list[float]] = {}
    while True:
        for row in asked:
            trials[row] = [(yield Query(row))]
            model.learn(trials, search=row == asked[-1])
            yield HandOver(model.ranking()[0])
        if len(trials) >= room:
            break
        asked = model.propose(min(batch or tuned.batch, room - len(trials)))
    finalists = model.ranking()[:confirm]
    for row in finalists:
        trials[row].append((yield Query(row, again=True)))
        # After each, as the budget may end before all have theirs.
        model.learn(trials, search=False)
        # Another one may have had the luck of one trial that the finalists' means no longer have.
        yield HandOver(next(row for row in model.ranking() if row in finalists))


class _Model:
    """The Gaussian process, and the part of the space that it looks at."""

    def __init__(
        self, candidates: Candidates, tuned: _Tuning, floor_quantile: float | None
    ) -> None:
        if candidates.features is None:
            raise ValueError("guided search needs features of the candidates")
        self._x = candidates.features.matrix
        self._functions = candidates.functions
        self._gp = Process(weight_spread=tuned.weight_spread, max_iter=_FIT_STEPS)
        self._quantile = tuned.floor_quantile if floor_quantile is None else floor_quantile
        self._pool = np.arange(len(candidates))
        # Kept, as finding the libraries takes longer than a posterior.
        self._libraries = ThreadpoolController()
        self._rounds = 0
        self._whole_at = list(_WHOLE_AT)

    def learn(self, trials: dict[int, list[float]], *, search: bool) -> None:
        """Compute the posterior on all that was measured, and search for hyperparameters first."""
        self._rows = np.fromiter(trials, dtype=np.intp)
        self._accuracies = np.array([fmean(each) for each in trials.values()])
        self._is_enough = sum(map(len, trials.values())) >= _ENOUGH
        if search or self._is_enough:
            floors = floors_of(self._accuracies, self._quantile)
            self._target = stretched(self._accuracies, floors)
            fit = self._gp.fit if search else self._gp.condition
            with self._libraries.limit(limits=1):
                fit(self._x[self._rows], self._target)

    def ranking(self) -> list[int]:
        """Return what was measured, best first: what is handed over, and who comes next."""
        score = self._accuracies
        if self._is_enough:
            with self._libraries.limit(limits=1):
                mean = self._gp.predict(self._x[self._rows])
            score = _OWN_WEIGHT * self._target + (1 - _OWN_WEIGHT) * mean
        ranked: list[int] = self._rows[np.argsort(-score, kind="stable")].tolist()
        return ranked

    def propose(self, count: int) -> list[int]:
        """Return the candidates of highest expected improvement, best first."""
        with self._libraries.limit(limits=1):
            listed = self._short_list(self._rows)
            mean, deviation = self._gp.predict(self._x[listed], return_std=True)
        gain = expected_improvement(mean, deviation, float(self._target.max()))
        return self._distinct(listed[np.argsort(-gain, kind="stable")], count)

    def _short_list(self, asked: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the candidates that are worth a look, without those of a function asked for."""
        self._rounds += 1
        if len(self._x) <= _SHORT_LIST * 2:
            pool = np.arange(len(self._x))
            return self._open(pool, asked)
        whole = self._rounds <= 2
        while self._whole_at and len(asked) >= self._whole_at[0]:
            self._whole_at.pop(0)
            whole = True
        if whole:
            mean = self._gp.predict(self._x)
            self._pool = np.argpartition(-mean, min(_POOL, len(mean) - 1))[:_POOL]
            mean = mean[self._pool]
        else:
            mean = self._gp.predict(self._x[self._pool])
        best = np.argpartition(-mean, min(_SHORT_LIST + len(asked), len(mean) - 1))
        return self._open(self._pool[best[: _SHORT_LIST + len(asked)]], asked)

    def _open(self, rows: NDArray[np.intp], asked: NDArray[np.intp]) -> NDArray[np.intp]:
        known = np.isin(self._functions[rows], self._functions[asked])
        # Once every function is known, its other members are what is left.
        return rows[~known] if not known.all() else rows[~np.isin(rows, asked)]

    def _distinct(self, rows: NDArray[np.intp], count: int) -> list[int]:
        """Return the first rows that compute different functions."""
        _, first = np.unique(self._functions[rows[: count * 200]], return_index=True)
        chosen: list[int] = rows[np.sort(first)[:count]].tolist()
        return chosen


def expected_improvement(mean: Values, deviation: Values, best: float) -> Values:
    """Return by how much a normal value is expected to pass the best one so far."""
    score = (mean - best) / deviation
    density = np.exp(-0.5 * score**2) / np.sqrt(2 * np.pi)
    gain: Values = deviation * (score * ndtr(score) + density)
    return gain
