"""A view as a search problem: the table of outcomes, which no strategy sees."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mbml import frames
from mbml.datasets import meta_dataset
from mbml.errors import UsageError, unknown_name
from mbml.search.candidates import Candidates
from mbml.search.clock import Budget, Cost, Unit
from mbml.search.features import read_features
from mbml.search.looks import floats, read_looks

if TYPE_CHECKING:
    from mbml.datasets import MetaDataset
    from mbml.search.features import FeatureRequest
    from mbml.search.looks import Look, Values
    from mbml.store import Warehouse

TARGETS = ("valid_accuracy", "test_accuracy", "train_accuracy", "valid_test_accuracy")
KNOWN = ("parameters", "flops", "latency_seconds")


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
    left_out, left_out_note
        Rows of the view without the target or a feature, and what a person should know of them.
    is_surrogate
        True if any source of the benchmark holds invented numbers.
    """

    dataset: MetaDataset
    target: str
    candidates: Candidates
    looks: dict[int, Look]
    valid: Values
    test: Values
    budget: Budget
    one_trial: bool
    equivalents_once: bool
    left_out: int
    left_out_note: str
    is_surrogate: bool

    def cost(self, row: int, epoch: int, seconds: Values) -> Cost:
        """Return the price of training a candidate from the start to an epoch."""
        return Cost(epoch / self.dataset.epoch, epoch, float(seconds[row]))

    def seen(self, rng: np.random.Generator) -> dict[int, Look]:
        """Return the looks of one run: of one trial drawn for each candidate, or of the mean."""
        if not self.one_trial:
            return self.looks
        drawn = rng.integers(2**31, size=len(self.candidates))
        return {epoch: look.of_one_trial(drawn) for epoch, look in self.looks.items()}

    def sha256(self) -> str:
        """Return a digest of all outcomes, by which results on other data are told apart."""
        digest = hashlib.sha256(self.candidates.keys["arch_id"].to_numpy().tobytes())
        for epoch, look in self.looks.items():
            digest.update(f"{epoch} {look.values.shape}".encode())
            digest.update(look.values.tobytes() + look.seconds.tobytes())
        digest.update(self.valid.tobytes() + self.test.tobytes())
        for name in self.candidates.objectives:
            digest.update(self.candidates.known[name].cast(float).to_numpy().tobytes())
        return digest.hexdigest()


def search_problem(
    warehouse: Warehouse,
    view: str,
    *,
    budget: Budget,
    target: str = "valid_accuracy",
    features: FeatureRequest | None = None,
    earlier_epochs: bool = False,
    one_trial: bool = False,
    equivalents_once: bool = False,
    objectives: tuple[str, ...] = (),
) -> SearchProblem:
    """Read a search problem from a view.

    Parameters
    ----------
    warehouse
        An open warehouse.
    view
        Name of the meta-dataset.
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
        What should be small beside a high target: some of ``parameters, flops, latency_seconds``.

    Raises
    ------
    UsageError
        A name is unknown, the budget is more than all trainings cost or in a unit that the view
        does not record, or trials, earlier epochs or objectives are not held.
    """
    dataset = meta_dataset(view)
    if target not in TARGETS:
        raise unknown_name("target of a search", target, TARGETS)
    if features is None:
        found, rows = None, frames.learning_problem(warehouse, dataset, [], target=target)
    else:
        found, rows = read_features(warehouse, dataset, features, target=target)
    arch_ids = rows.rows["arch_id"]
    looks = read_looks(
        warehouse, dataset, arch_ids, target, one_trial=one_trial, earlier_epochs=earlier_epochs
    )
    candidates = Candidates(
        dataset=dataset,
        keys=rows.rows.select("arch_id", "arch_key", "graph_id", "functional_id").with_columns(
            cell=pl.Series(frames.read_cells(warehouse, arch_ids))
        ),
        known=_known(warehouse, dataset, arch_ids, objectives),
        epochs=tuple(looks),
        affordable=_affordable(dataset, looks[dataset.epoch], budget),
        objectives=objectives,
        features=found,
    )
    return SearchProblem(
        dataset=dataset,
        target=target,
        candidates=candidates,
        looks=looks,
        valid=floats(rows.rows["valid_accuracy"]),
        test=floats(rows.rows["test_accuracy"]),
        budget=budget,
        one_trial=one_trial,
        equivalents_once=equivalents_once,
        left_out=rows.left_out,
        left_out_note=rows.left_out_note,
        is_surrogate=rows.is_surrogate,
    )


def _known(
    warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series, objectives: tuple[str, ...]
) -> pl.DataFrame:
    for name in objectives:
        if name not in KNOWN:
            raise unknown_name("objective", name, KNOWN)
    held = frames.read_view(warehouse, dataset, ["arch_id", *KNOWN])
    known = arch_ids.to_frame("arch_id").join(held, on="arch_id", how="left", maintain_order="left")
    for name in objectives:
        missing = known[name].null_count()
        if missing:
            raise UsageError(
                f"{dataset.name} has no {name} for {missing:,} of {known.height:,} architectures;"
                " choose another objective"
            )
    return known.select(KNOWN)


def _affordable(dataset: MetaDataset, whole: Look, budget: Budget) -> float:
    """Return the trainings that the budget pays for in the mean; refuse what it cannot count."""
    rows = len(whole.values)
    trained = ~np.isnan(whole.values.reshape(rows, -1))
    each = np.where(trained, whole.seconds.reshape(rows, -1), 0)
    seconds = each.sum(axis=1) / trained.sum(axis=1)
    unknown = int(np.isnan(seconds).sum())
    if budget.unit is Unit.SECONDS and unknown:
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
