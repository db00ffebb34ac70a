"""Optuna's samplers as strategies; they need the extra `mbml[optuna]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mbml.errors import CellError, UsageError
from mbml.searches.candidates import Query
from mbml.spaces import nasbench101, nasbench201, natsbench_sss

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from mbml.searches.candidates import Asking, Candidates
    from mbml.spaces.space import Architecture

#: Trials in a row that lead to no new candidate, after which one is drawn at random.
_PATIENCE = 20


class _Encoding(NamedTuple):
    """A space as categorical parameters: their choices by name, and the way back to a cell."""

    choices: Mapping[str, Sequence[Any]]
    decode: Callable[[dict[str, Any]], Architecture]


def _encoding(benchmark: str) -> _Encoding:
    if benchmark == nasbench201.NAME:
        edges = {f"edge{number}": nasbench201.OPERATIONS for number in range(6)}
        return _Encoding(edges, lambda one: nasbench201.from_operations([*one.values()]))
    if benchmark == natsbench_sss.NAME:
        widths = {f"width{number}": natsbench_sss.WIDTHS for number in range(5)}
        return _Encoding(widths, lambda one: natsbench_sss.Cell(tuple(one.values())))
    if benchmark != nasbench101.NAME:
        raise UsageError(f"optuna cannot search {benchmark}; choose another strategy")
    nodes = nasbench101.MAX_NODES
    pairs = [(u, v) for u in range(nodes) for v in range(u + 1, nodes)]
    choices: dict[str, Sequence[Any]] = {f"edge{u}_{v}": (0, 1) for u, v in pairs}
    choices |= {f"op{v}": nasbench101.OPERATIONS for v in range(1, nodes - 1)}
    return _Encoding(choices, _cell_101)


def _cell_101(one: dict[str, Any]) -> Architecture:
    nodes = nasbench101.MAX_NODES
    rows = [[one.get(f"edge{u}_{v}", 0) for v in range(nodes)] for u in range(nodes)]
    operations = [one[f"op{v}"] for v in range(1, nodes - 1)]
    cell = nasbench101.from_matrix(rows, [nasbench101.INPUT, *operations, nasbench101.OUTPUT])
    return cell.pruned()


def tpe(candidates: Candidates, rng: np.random.Generator) -> Asking:
    """Tree-structured Parzen estimator over the operations and edges of cells.

    A cell drawn again is told again at no cost; what is no candidate counts as failed.

    References
    ----------
    Akiba et al., *Optuna: a next-generation hyperparameter optimization framework*, 2019.
    """
    encoding = _encoding(candidates.dataset.benchmark)
    try:
        import optuna
    except ImportError:
        raise UsageError("optuna is not installed; pip install 'mbml[optuna]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions: dict[str, optuna.distributions.BaseDistribution] = {
        name: optuna.distributions.CategoricalDistribution(choices)
        for name, choices in encoding.choices.items()
    }
    sampler = optuna.samplers.TPESampler(seed=int(rng.integers(2**31)))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    values: dict[int, float] = {}
    order = iter(rng.permutation(len(candidates)).tolist())
    misses = 0
    while len(values) < len(candidates):
        if misses == _PATIENCE:
            row = next(one for one in order if one not in values)
            values[row] = yield Query(row)
            misses = 0
        trial = study.ask(distributions)
        row_or_none = _row(candidates, encoding, trial.params)
        if row_or_none is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        if row_or_none is None or row_or_none in values:
            misses += 1
        else:
            misses = 0
            values[row_or_none] = yield Query(row_or_none)
        if row_or_none is not None:
            study.tell(trial, values[row_or_none])


def _row(candidates: Candidates, encoding: _Encoding, chosen: dict[str, Any]) -> int | None:
    try:
        return candidates.find(encoding.decode(chosen).format())
    except CellError:
        return None
