"""A view as a search problem: the table of outcomes, which no strategy sees."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mbml import frames
from mbml.errors import UsageError, unknown_name
from mbml.frames import columns_of_condition, restricted
from mbml.searches.candidates import Candidates
from mbml.searches.clock import Budget, BudgetUnit, Cost
from mbml.searches.features import read_features
from mbml.searches.observations import floats, read_observations
from mbml.searches.untrained import KNOWN, check_objectives, read_untrained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mbml.benchmarks import MetaDataset
    from mbml.frames import Restricted
    from mbml.searches.features import FeatureRequest
    from mbml.searches.observations import Observation, Values
    from mbml.store import Warehouse

SEARCH_TARGETS = ("valid_accuracy", "test_accuracy", "train_accuracy", "valid_test_accuracy")
#: A name that no view has: a condition names what it reads.
_ROW = "row of the view"


@dataclass(frozen=True, kw_only=True)
class SearchProblem:
    """A search problem.

    Attributes
    ----------
    dataset, target
        The view, and the outcome that queries return.
    candidates
        What strategies may see.
    looks
        By epoch; the last is the view's own.
    valid, test
        Accuracies of the view after its last epoch, means over trials, shape (candidates,); NaN
        where not measured. For choosing and scoring only.
    budget
        What a run may spend.
    one_trial
        True if a query returns one trial, drawn by the run's seed; False if the mean.
    equivalents_once
        True if a cell that computes the same function as a trained one costs nothing and gives the
        same result.
    left_out, notes
        Rows of the view without the target or a feature, and what a person should know of them.
    where
        The condition that candidates satisfy, empty if none.
    not_satisfied, undecided
        Rows left out by the condition: where it is false, and where it is NULL.
    is_surrogate
        True if any source of the benchmark holds invented numbers.
    """

    dataset: MetaDataset
    target: str
    candidates: Candidates
    observations: dict[int, Observation]
    valid: Values
    test: Values
    budget: Budget
    one_trial: bool
    equivalents_once: bool
    left_out: int
    notes: tuple[str, ...]
    where: str
    not_satisfied: int
    undecided: int
    is_surrogate: bool

    def cost(self, row: int, epoch: int, seconds: Values) -> Cost:
        """Return the price of training a candidate from the start to an epoch."""
        return Cost(epoch / self.dataset.epoch, epoch, float(seconds[row]))

    def seen(self, rng: np.random.Generator) -> tuple[dict[int, Observation], Observation]:
        """Return the looks of one run: of one trial drawn for each candidate, or of the mean.

        Beside them, a second trial at the view's epoch; NaN where there is none, or no trial drawn.
        """
        whole = self.observations[self.dataset.epoch]
        if not self.one_trial:
            return self.observations, whole._replace(values=np.full_like(whole.values, np.nan))
        drawn = rng.integers(2**31, size=len(self.candidates))
        looks = {
            epoch: observation.of_one_trial(drawn)
            for epoch, observation in self.observations.items()
        }
        return looks, whole.of_second_trial(drawn)

    def check_second_trials(self) -> None:
        """Raise `UsageError` if some candidate has no second trial, or queries return the mean."""
        if not self.one_trial:
            raise UsageError(
                "a query returns the mean of all trials, which leaves no second trial to confirm"
                " with; ask for one trial a query (`trial=one`)"
            )
        trials = self.observations[self.dataset.epoch].trials
        alone = int((trials < 2).sum())
        if alone:
            raise UsageError(
                f"{self.dataset.name} holds one trial alone of {alone:,} of its {len(trials):,}"
                " architectures, and confirming takes two of each; search without it (`confirm=0`)"
            )

    def sha256(self) -> str:
        """Return a digest of outcomes, objectives and proxies: another one, other data."""
        digest = hashlib.sha256(self.candidates.keys["arch_id"].to_numpy().tobytes())
        for epoch, observation in self.observations.items():
            digest.update(f"{epoch} {observation.values.shape}".encode())
            digest.update(observation.values.tobytes() + observation.seconds.tobytes())
        digest.update(self.valid.tobytes() + self.test.tobytes())
        for name in self.candidates.objectives:
            digest.update(self.candidates.known[name].cast(float).to_numpy().tobytes())
        if self.candidates.features is not None:
            groups = np.array(self.candidates.features.columns.groups)
            digest.update(self.candidates.features.matrix[:, groups == "proxy"].tobytes())
        return digest.hexdigest()


def search_problem(
    warehouse: Warehouse,
    view: str | MetaDataset,
    *,
    budget: Budget,
    target: str = "valid_accuracy",
    features: FeatureRequest | None = None,
    earlier_epochs: bool = False,
    one_trial: bool = False,
    equivalents_once: bool = False,
    objectives: tuple[str, ...] = (),
    where: str = "",
    notify: Callable[[str], None] | None = None,
) -> SearchProblem:
    """Read a search problem from a view.

    Parameters
    ----------
    warehouse
        An open warehouse.
    view
        The meta-dataset: its name, or its entry.
    budget
        What a run may spend.
    target
        The accuracy that a query returns.
    features
        Features that the strategy works with.
    earlier_epochs
        Whether queries may look after an earlier epoch.
    one_trial, equivalents_once
        As in `SearchProblem`.
    objectives
        Columns that should be small beside a high target: of the view, or of a view of devices on
        the same data set. No outcomes.
    where
        An SQL condition on such columns; architectures where it is false or NULL are no candidates.
    notify
        Told the notes of the problem, each as soon as it is known.

    Raises
    ------
    UsageError
        A name is unknown, an objective or a column of the condition is an outcome, no candidate is
        left, the budget is more than all trainings cost or in a unit that the view does not record,
        or trials, earlier epochs or objectives are not held.
    """
    dataset = frames.find_dataset(warehouse, view)
    dataset.check_training("a search")
    if not dataset.epoch:
        raise UsageError(
            f"{dataset.name} holds no training, which a search pays for; search a view of trainings"
        )
    if target not in SEARCH_TARGETS:
        raise unknown_name("target of a search", target, SEARCH_TARGETS)
    if features is None:
        found, rows = None, frames.stored_problem(warehouse, dataset, [], target=target)
        cells = frames.cell_texts(warehouse, rows.rows["arch_id"])
        _tell(rows.notes, notify)
    else:
        found, rows, cells = read_features(
            warehouse, dataset, features, target=target, notify=notify
        )
    named = (*KNOWN, *objectives, *columns_of_condition(where))
    untrained = read_untrained(warehouse, dataset, rows.rows["arch_id"], named)
    kept = restricted(untrained.with_row_index(_ROW), where)
    of_condition = _note_of_condition(where, kept)
    if kept.rows.is_empty():
        raise UsageError(
            f"no architecture of {dataset.name} satisfies {where}; it is false for"
            f" {kept.not_satisfied:,} and NULL for {kept.undecided:,}"
        )
    _tell(of_condition, notify)
    spelled = {name.casefold(): name for name in untrained.columns}
    objectives = tuple(spelled[name.casefold()] for name in objectives)
    check_objectives(kept.rows, objectives, dataset.name)
    keys = rows.rows
    # All rows are all features, of which a copy may take half a gigabyte.
    if kept.rows.height < keys.height:
        places = kept.rows[_ROW]
        keys = keys[places]
        cells = cells[places]
        if found is not None:
            found = replace(found, matrix=found.matrix[places.to_numpy()])
    arch_ids = keys["arch_id"]
    observations = read_observations(
        warehouse, dataset, arch_ids, target, one_trial=one_trial, earlier_epochs=earlier_epochs
    )
    candidates = Candidates(
        dataset=dataset,
        keys=keys.select("arch_id", "arch_key", "graph_id", "functional_id").with_columns(
            cell=cells
        ),
        known=kept.rows.select(list(dict.fromkeys([*KNOWN, *objectives]))),
        epochs=tuple(observations),
        affordable=_affordable(dataset, observations[dataset.epoch], budget),
        objectives=objectives,
        features=found,
    )
    return SearchProblem(
        dataset=dataset,
        target=target,
        candidates=candidates,
        observations=observations,
        valid=floats(keys["valid_accuracy"]),
        test=floats(keys["test_accuracy"]),
        budget=budget,
        one_trial=one_trial,
        equivalents_once=equivalents_once,
        left_out=rows.left_out,
        notes=(*rows.notes, *of_condition),
        where=where,
        not_satisfied=kept.not_satisfied,
        undecided=kept.undecided,
        is_surrogate=rows.is_surrogate,
    )


def _tell(notes: Iterable[str], notify: Callable[[str], None] | None) -> None:
    if notify is not None:
        for note in notes:
            notify(note)


def _note_of_condition(where: str, kept: Restricted) -> list[str]:
    if not where:
        return []
    satisfied = f"{kept.rows.height:,} architectures satisfy it"
    others = f"false for {kept.not_satisfied:,} and NULL for {kept.undecided:,}"
    return [f"note: where {where}: {satisfied}; {others}"]


def _affordable(dataset: MetaDataset, whole: Observation, budget: Budget) -> float:
    """Return the trainings that the budget pays for in the mean; refuse what it cannot count."""
    rows = len(whole.values)
    trained = ~np.isnan(whole.values.reshape(rows, -1))
    each = np.where(trained, whole.seconds.reshape(rows, -1), 0)
    seconds = each.sum(axis=1) / trained.sum(axis=1)
    unknown = int(np.isnan(seconds).sum())
    if budget.unit is BudgetUnit.SECONDS and unknown:
        raise UsageError(
            f"{dataset.name} has no training seconds for {unknown:,} of its {rows:,} architectures;"
            " give the budget in queries or epochs"
        )
    every = Cost(rows, rows * dataset.epoch, float(seconds.sum())).within(budget.unit)
    if budget.amount > every:
        raise UsageError(
            f"a budget of {budget.amount:,g} {budget.unit} is larger than the space: training all"
            f" {rows:,} architectures of {dataset.name} costs {every:,.0f}"
        )
    return budget.amount * rows / every
