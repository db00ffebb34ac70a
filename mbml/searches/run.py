"""One run of a search: what a strategy asks is checked, priced, answered and written down."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.errors import MbmlError, UsageError
from mbml.plugins import PluginError, WrongResultError, guard
from mbml.searches.candidates import HandOver, Query
from mbml.searches.clock import Cost
from mbml.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mbml.searches.candidates import Asking, Candidates
    from mbml.searches.observations import Observation
    from mbml.searches.problem import SearchProblem


class StrategyError(PluginError):
    """A strategy failed, or asked for what a search does not allow: exit 1."""


class BudgetSpentError(MbmlError):
    """What is left of the budget does not pay for the query; the run is over."""


class Step(NamedTuple):
    """A query of a run, and where the run stood after it.

    Attributes
    ----------
    arch_id, epoch
        The architecture, and the epoch after which it was looked at.
    value
        The target then: what the strategy was told.
    cost
        The price of this query.
    spent
        The price of all queries so far.
    incumbent_arch_id, incumbent_value
        The best by the target among those trained to the view's epoch, the first of equals; None
        before there is one. Second trials do not count.
    raw_valid_accuracy, raw_test_accuracy
        Accuracies of the incumbent in the view, means over trials; NaN where not measured.
    chosen_arch_id
        What the search hands over: by its strategy, or else the incumbent.
    chosen_valid_accuracy, chosen_test_accuracy
        Accuracies of that one, likewise.
    oracle_test_accuracy
        The best test accuracy among those trained to the view's epoch, which no search can know.
    """

    arch_id: int
    epoch: int
    value: float
    cost: Cost
    spent: Cost
    incumbent_arch_id: int | None
    incumbent_value: float
    raw_valid_accuracy: float
    raw_test_accuracy: float
    chosen_arch_id: int | None
    chosen_valid_accuracy: float
    chosen_test_accuracy: float
    oracle_test_accuracy: float


class Run:
    """A run that answers queries until its budget is spent.

    Parameters
    ----------
    problem
        The problem.
    seed
        Draws the trials, if queries return one of them.
    name
        Of the strategy, for messages.

    Attributes
    ----------
    candidates
        What may be seen.
    steps
        The queries so far.
    rows
        The candidates queried, one a step.
    spent
        What they cost.
    hands_over
        True once the strategy has handed an architecture over.
    """

    def __init__(
        self, problem: SearchProblem, *, seed: int = 0, name: str = "the strategy"
    ) -> None:
        self.candidates: Candidates = problem.candidates
        self.steps: list[Step] = []
        self.rows: list[int] = []
        self.spent = Cost()
        self.hands_over = False
        self._problem = problem
        self._name = name
        self._observations, self._second = problem.seen(np.random.default_rng([seed, 1]))
        self._asked: dict[tuple[int, int, bool], int] = {}
        self._done: set[tuple[int, int, bool]] = set()
        self._reached: dict[int, tuple[int, Cost]] = {}
        self._stand_ins: dict[int, int] = {}

    @property
    def is_over(self) -> bool:
        """True if nothing is left of the budget."""
        return self._problem.budget.is_spent(self.spent)

    def query(self, row: int, epoch: int | None = None, *, again: bool = False) -> float:
        """Train a candidate and return its target.

        Parameters
        ----------
        row
            The candidate.
        epoch
            One of `candidates.epochs`; the view's own if None.
        again
            True for a second trial.

        Raises
        ------
        BudgetSpentError
            The budget does not pay for it; nothing was recorded.
        StrategyError
            There is no such candidate, epoch or second trial, or it was asked for before.
        """
        epoch = self._problem.dataset.epoch if epoch is None else epoch
        self._check(row, epoch, again=again)
        row, epoch = int(row), int(epoch)
        trained = self._stand_in(row)
        seen = self._second if again else self._observations[epoch]
        cost = self._price(trained, epoch, seen, again=again)
        spent = self.spent.plus(cost)
        if not self._problem.budget.covers(spent):
            raise BudgetSpentError(
                f"{self._name}: {self._problem.budget.amount:g} {self._problem.budget.unit} are"
                f" spent after {len(self.steps)} queries"
            )
        self._asked[row, epoch, again] = len(self.steps) + 1
        self._remember(trained, epoch, again=again)
        self.spent = spent
        value = float(seen.values[trained])
        self.rows.append(row)
        self.steps.append(self._step(trained, epoch, value, cost, again=again))
        return value

    def hand_over(self, row: int) -> None:
        """Take a candidate as what the search hands over from its last query on.

        Raises
        ------
        StrategyError
            It was not trained to the view's epoch.
        """
        if not _is_whole(row) or (row, self._problem.dataset.epoch, False) not in self._asked:
            raise StrategyError(
                f"{self._name}, after query {len(self.steps)}: {quoted(row)} cannot be handed"
                f" over; only a candidate that was trained to epoch {self._problem.dataset.epoch}"
                " can"
            )
        self.hands_over = True
        trained = self._stand_in(int(row))
        self.steps[-1] = self.steps[-1]._replace(
            chosen_arch_id=int(self.candidates.keys["arch_id"][int(row)]),
            chosen_valid_accuracy=float(self._problem.valid[trained]),
            chosen_test_accuracy=float(self._problem.test[trained]),
        )

    def _check(self, row: int, epoch: int, *, again: bool) -> None:
        where = f"{self._name}, query {len(self.steps) + 1}"
        if not _is_whole(row) or not 0 <= row < len(self.candidates):
            raise StrategyError(
                f"{where}: {quoted(row)} is no candidate; they are numbered 0 to"
                f" {len(self.candidates) - 1:,}"
            )
        if not _is_whole(epoch) or epoch not in self._observations:
            known = ", ".join(map(str, self._observations))
            raise StrategyError(
                f"{where}: epoch {quoted(epoch)} cannot be looked at; these can: {known}"
            )
        if (row, epoch, again) in self._asked:
            raise StrategyError(
                f"{where}: {self._named(row)} at epoch {epoch} was asked for before, in query"
                f" {self._asked[row, epoch, again]}; a strategy remembers what it was told"
            )
        if again and not self._has_second(row, epoch):
            raise StrategyError(
                f"{where}: {self._named(row)} has no second trial at epoch {epoch}; that takes a"
                f" first one to epoch {self._problem.dataset.epoch}, and a search whose queries"
                " return one trial"
            )

    def _named(self, row: int) -> str:
        return f"candidate {row} ({self.candidates.keys['arch_key'][int(row)]})"

    def _has_second(self, row: int, epoch: int) -> bool:
        trained = self._stand_in(row)
        return (
            epoch == self._problem.dataset.epoch
            and (row, epoch, False) in self._asked
            and not np.isnan(self._second.values[trained])
        )

    def _stand_in(self, row: int) -> int:
        """Return the candidate that is trained: the first of its function, if they count once."""
        if not self._problem.equivalents_once:
            return row
        return self._stand_ins.setdefault(int(self.candidates.functions[row]), row)

    def _price(self, row: int, epoch: int, observation: Observation, *, again: bool) -> Cost:
        """Return what training costs beyond what was paid for the same training before."""
        if (row, epoch, again) in self._done:
            return Cost()
        full = self._problem.cost(row, epoch, observation.seconds)
        if again:
            return full
        reached, paid = self._reached.get(row, (0, Cost())) if observation.goes_on else (0, Cost())
        return Cost() if reached >= epoch else full.minus(paid)

    def _remember(self, row: int, epoch: int, *, again: bool) -> None:
        observation = self._observations[epoch]
        self._done.add((row, epoch, again))
        if again:
            return
        if observation.goes_on and epoch > self._reached.get(row, (0, Cost()))[0]:
            self._reached[row] = epoch, self._problem.cost(row, epoch, observation.seconds)

    def _step(self, row: int, epoch: int, value: float, cost: Cost, *, again: bool) -> Step:
        before = self.steps[-1] if self.steps else None
        arch_id = int(self.candidates.keys["arch_id"][self.rows[-1]])
        best = _NOTHING if before is None else before
        if epoch == self._problem.dataset.epoch and not again:
            test = float(self._problem.test[row])
            oracle = np.fmax(best.oracle_test_accuracy, test)
            best = best._replace(oracle_test_accuracy=float(oracle))
            if not value <= best.incumbent_value:
                best = best._replace(
                    incumbent_arch_id=arch_id,
                    incumbent_value=value,
                    raw_valid_accuracy=float(self._problem.valid[row]),
                    raw_test_accuracy=test,
                )
            if not self.hands_over:
                best = best._replace(
                    chosen_arch_id=best.incumbent_arch_id,
                    chosen_valid_accuracy=best.raw_valid_accuracy,
                    chosen_test_accuracy=best.raw_test_accuracy,
                )
        return best._replace(arch_id=arch_id, epoch=epoch, value=value, cost=cost, spent=self.spent)


_NOTHING = Step(
    -1, 0, np.nan, Cost(), Cost(), None, np.nan, np.nan, np.nan, None, np.nan, np.nan, np.nan
)


def play(
    problem: SearchProblem,
    strategy: Callable[[Candidates, np.random.Generator], Asking],
    *,
    seed: int,
    name: str = "the strategy",
) -> list[Step]:
    """Let a strategy ask until the budget is spent, or until it has no more to ask.

    Parameters
    ----------
    problem
        The problem.
    strategy
        Called with what it may see and a generator of random numbers; yields queries and is sent
        the target's values. Between them it may yield a `HandOver`.
    seed
        Of all random numbers of the run.
    name
        Of the strategy, for messages.

    Raises
    ------
    StrategyError
        The strategy raised, or asked for what is not allowed.

    Examples
    --------
    A strategy is a generator function:

    >>> def first_come(candidates, rng):
    ...     for row in range(len(candidates)):
    ...         accuracy = yield Query(row)
    """
    run = Run(problem, seed=seed, name=name)
    where = f"{name}, seed {seed}"
    with _guard(where, run):
        asking = strategy(problem.candidates, np.random.default_rng([seed, 0]))
    move: Query | HandOver | None = None
    value: float | None = None
    # What is handed over may change with the last answer too.
    while not run.is_over or (run.hands_over and isinstance(move, Query)):
        with _guard(where, run):
            move = _next_move(asking, value)
        value = None
        if isinstance(move, HandOver):
            run.hand_over(move.row)
            continue
        if move is None or run.is_over:
            break
        try:
            value = run.query(move.row, move.epoch, again=move.again)
        except BudgetSpentError as error:
            if not run.steps:
                raise UsageError(f"{where}: the budget does not pay for the first query") from error
            break
    with _guard(where, run):
        asking.close()
    if not run.steps:
        raise StrategyError(f"{where}: ended without a query")
    return run.steps


@contextmanager
def _guard(where: str, run: Run) -> Iterator[None]:
    """Turn what a strategy raises into a `StrategyError`; a request that cannot be met passes."""
    try:
        with guard(f"{where}:", f"failed after {len(run.steps)} queries", passes=(UsageError,)):
            yield
    except PluginError as error:
        raise StrategyError(str(error)) from error


def _next_move(asking: Asking, value: float | None) -> Query | HandOver | None:
    """Send a strategy the answer to its last query; returns what it yields, None at its end."""
    try:
        move: object = next(asking) if value is None else asking.send(value)
    except StopIteration:
        return None
    if isinstance(move, HandOver):
        return move
    if not isinstance(move, tuple) or len(move) not in (1, 2, 3):
        raise WrongResultError(f"it yielded {quoted(move)}, expected a Query")
    return Query(*move)


def _is_whole(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)
