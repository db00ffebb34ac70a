"""Protocols: what is learned, what is scored, on which rows, and with how many labels.

A score can be compared with scores of the same protocol alone, so every result names its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml import frames
from mbml.datasets import Role, meta_datasets, role_of, unit_of
from mbml.errors import UsageError, unknown_name
from mbml.features.problem import learning_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from mbml.benchmarks import MetaDataset
    from mbml.features.registry import FeatureSet
    from mbml.frames import LearningProblem
    from mbml.store import Warehouse


class TrialRule(NamedTuple):
    """How a protocol reads single trials of a benchmark.

    Attributes
    ----------
    benchmark
        The benchmark; of all others, means over trials are learned and scored.
    learned_from
        Learned is the first trial of at least this accuracy, a fraction; the first if none is.
    scored_from
        Scored is the mean of the trials of at least this accuracy; of all if none is.
    """

    benchmark: str
    learned_from: float
    scored_from: float


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a score of a predictor is of.

    Attributes
    ----------
    name
        Name in every output.
    source
        Whose rules these are.
    learned
        The outcome that is learned; empty for the one that is asked for.
    scored
        Outcomes that predictions are scored against, the first unless another is asked for; empty
        for the one that is learned, or any other in its unit.
    all_rows
        True if all rows are scored, training rows included; False if training rows never are.
    selection_labels
        Labels beside N that may choose the model. No predictor of mbml uses any.
    trials
        How single trials are read; None where means over trials are learned and scored.
    fewest_vertices
        By benchmark, the vertices that a cell to train on has at least.
    """

    name: str
    source: str
    learned: str = ""
    scored: tuple[str, ...] = ()
    all_rows: bool = False
    selection_labels: int = 0
    trials: TrialRule | None = None
    fewest_vertices: Mapping[str, int] = field(default_factory=dict)

    def check_split(self, split: str) -> None:
        """Raise `UsageError` for a split whose held-out rows are not what is scored."""
        if self.all_rows and split != "published":
            raise UsageError(
                f"`split={split}` does not fit: protocol {self.name} scores all rows, those trained"
                " on included; leave out the split, or use the protocol held_out"
            )

    def score_of(self, target: str, score: str | None) -> str:
        """Return the outcome that predictions of a target are scored against.

        Raises
        ------
        UsageError
            The protocol learns another target, or scores against others.
        """
        if self.learned and target != self.learned:
            raise UsageError(
                f"`target={target}` does not fit: protocol {self.name} learns {self.learned}; use"
                " the protocol held_out"
            )
        if score is None:
            return self.scored[0] if self.scored else target
        if self.scored and score not in self.scored:
            raise unknown_name(f"score of protocol {self.name}", score, self.scored)
        return score


#: Those that mbml can follow. The rules of others were read in the code of their authors.
PROTOCOLS: dict[str, Protocol] = {
    one.name: one
    for one in (
        Protocol(name="held_out", source="mbml, and the published study"),
        Protocol(
            name="pinat",
            source="PINAT (AAAI 2023)",
            learned="valid_accuracy",
            scored=("test_accuracy",),
            all_rows=True,
            trials=TrialRule("nasbench101", 0.2, 0.3),
        ),
        Protocol(
            name="nnformer",
            source="NN-Former (CVPR 2025)",
            learned="valid_accuracy",
            scored=("test_accuracy", "valid_accuracy"),
            all_rows=True,
            selection_labels=1024,
            fewest_vertices={"nasbench101": 6},
        ),
    )
}
HELD_OUT = "held_out"


def protocol_of(name: str) -> Protocol:
    """Return a protocol by name.

    Raises
    ------
    UsageError
        There is none of that name.

    Examples
    --------
    >>> protocol_of("nnformer").selection_labels
    1024
    """
    if name not in PROTOCOLS:
        raise unknown_name("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


def read_problems(
    warehouse: Warehouse,
    dataset: MetaDataset,
    features: FeatureSet,
    *,
    protocol: Protocol,
    target: str,
    score: str | None = None,
    test_dataset: MetaDataset | None = None,
    notify: Callable[[str], None] | None = None,
) -> tuple[LearningProblem, LearningProblem]:
    """Read what a protocol learns, and what it scores.

    Parameters
    ----------
    warehouse
        An open warehouse.
    dataset
        The view to learn from.
    features
        The feature set.
    protocol
        The protocol.
    target
        What is learned.
    score
        What is scored; by default what the protocol says.
    test_dataset
        Another view to score on. A protocol that scores all rows has its own: the view whose
        training had no validation set and is paired with `dataset` (``cifar10`` with
        ``cifar10-valid``), else `dataset`.
    notify
        Told what the data at hand lacks.

    Returns
    -------
    tuple of LearningProblem
        What is learned and what is scored; the same object where both are one.

    Raises
    ------
    UsageError
        The protocol learns or scores other outcomes, `score` is in another unit than the target, or
        no row has an outcome.
    """
    score = protocol.score_of(target, score)
    if protocol.all_rows:
        if test_dataset is not None:
            raise UsageError(
                f"`test_view={test_dataset.name}` does not fit: protocol {protocol.name} says which"
                " view is scored; use the protocol held_out"
            )
        test_dataset = _whole_training(dataset)
    test_dataset = test_dataset or dataset
    _check_score(warehouse, score, target, test_dataset)
    problem = learning_problem(warehouse, dataset, features, target=target, notify=notify)
    tested = problem
    if (score, test_dataset.name) != (target, dataset.name):
        tested = learning_problem(warehouse, test_dataset, features, target=score)
        if notify is not None and tested.left_out_note:
            notify(tested.left_out_note)
    notes: list[str] = []
    learned = problem
    if protocol.trials is not None and dataset.benchmark == protocol.trials.benchmark:
        learned = _of_first_trial(warehouse, protocol.trials, problem, notes)
        tested = _of_passed_trials(warehouse, protocol.trials, tested, notes)
    if dataset.benchmark in protocol.fewest_vertices:
        learned = _large(warehouse, protocol, learned, notes)
    if protocol.selection_labels:
        notes.append(
            f"note: protocol {protocol.name} lets {protocol.selection_labels:,} labels beside the"
            " training rows choose the model; mbml uses none of them"
        )
    if notify is not None:
        for note in notes:
            notify(note)
    return learned, tested


def _whole_training(dataset: MetaDataset) -> MetaDataset:
    """Return the view that takes its validation accuracy from a view, else that view."""
    if dataset.is_own:
        return dataset
    paired = (one for one in meta_datasets().values() if one.validation_view == dataset.name)
    return next(paired, dataset)


def _check_score(warehouse: Warehouse, score: str, target: str, test_dataset: MetaDataset) -> None:
    if score == target:
        return
    role = role_of(score, test_dataset)
    does_fit = role is not Role.KEY and role is role_of(target, test_dataset)
    if not does_fit or unit_of(score) != unit_of(target):
        columns = frames.view_columns(warehouse, test_dataset.name)
        if score not in columns:
            raise unknown_name(f"column of {test_dataset.name}", score, columns)
    if not does_fit:
        raise UsageError(
            f"`score={score}` does not fit: it is a {role}, and the target {target} is"
            f" a {role_of(target, test_dataset)}; name another outcome of the view"
        )
    if unit_of(score) != unit_of(target):
        raise UsageError(
            f"`score={score}` does not fit: it is in another unit ({unit_of(score)}) than the"
            f" target {target} ({unit_of(target)})"
        )


def _of_first_trial(
    warehouse: Warehouse, rule: TrialRule, problem: LearningProblem, notes: list[str]
) -> LearningProblem:
    """Put one trial in the place of the mean, where trials are held."""
    trials = _trials(warehouse, problem)
    passed = trials >= rule.learned_from
    values = trials[np.arange(len(trials)), np.argmax(passed, axis=1)]
    return _where_held(values, problem, "one trial is learned", notes)


def _of_passed_trials(
    warehouse: Warehouse, rule: TrialRule, problem: LearningProblem, notes: list[str]
) -> LearningProblem:
    """Leave failed trials out of the mean, where trials are held."""
    trials = _trials(warehouse, problem)
    passed = trials >= rule.scored_from
    some = passed.any(axis=1, keepdims=True)
    counted = np.where(some, passed, ~np.isnan(trials))
    times = counted.sum(axis=1)
    sums = np.where(counted, trials, 0).sum(axis=1)
    means = np.where(times > 0, sums / np.maximum(times, 1), np.nan)
    return _where_held(means, problem, "failed trials are left out of the mean", notes)


def _trials(warehouse: Warehouse, problem: LearningProblem) -> NDArray[np.float64]:
    """Return the target trial by trial, shape (rows, trials), NaN where none is held."""
    dataset, rows = problem.dataset, problem.rows["arch_id"]
    if dataset.is_own:
        # A view of the user may hold anything under the name of an accuracy.
        return np.full((len(rows), 1), np.nan)
    accuracies, _ = frames.trial_accuracies(
        warehouse, dataset, rows, epoch=dataset.epoch, accuracy=problem.target
    )
    return accuracies


def _where_held(
    values: NDArray[np.float64], problem: LearningProblem, rule: str, notes: list[str]
) -> LearningProblem:
    """Put values in the place of the problem's own, but where they are NaN: no trial is held."""
    unknown = np.isnan(values)
    if unknown.any():
        notes.append(
            f"note: by the protocol {rule}, but {problem.dataset.name} holds {problem.target} of"
            f" {int(unknown.sum()):,} of {len(values):,} rows without its trials; these values are"
            " taken as they are"
        )
    return replace(problem, y=np.where(unknown, problem.y, values))


def _large(
    warehouse: Warehouse, protocol: Protocol, problem: LearningProblem, notes: list[str]
) -> LearningProblem:
    """Keep the cells that the protocol trains on."""
    fewest = protocol.fewest_vertices[problem.dataset.benchmark]
    kept = np.flatnonzero(frames.vertices(warehouse, problem.rows["arch_id"]) >= fewest)
    if not len(kept):
        raise UsageError(
            f"{problem.dataset.name}: no cell with {problem.target} has {fewest} vertices, which"
            f" protocol {protocol.name} trains on; use another protocol"
        )
    notes.append(
        f"note: protocol {protocol.name} trains on cells of at least {fewest} vertices:"
        f" {len(kept):,} of {len(problem.y):,}"
    )
    return replace(problem, x=problem.x[kept], y=problem.y[kept], rows=problem.rows[kept])
