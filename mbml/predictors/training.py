"""Training one predictor on one split of a meta-dataset, and scoring it as a protocol says."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml import splits
from mbml.datasets import meta_datasets
from mbml.errors import UsageError
from mbml.features.problem import held_features
from mbml.features.registry import feature_set
from mbml.frames import find_dataset
from mbml.metrics import METRICS, coverage, top_k
from mbml.plugins import guard
from mbml.predictors.numbers import checked_numbers
from mbml.predictors.preparation import Columns
from mbml.predictors.protocols import HELD_OUT, protocol_of, read_problems
from mbml.predictors.registry import PREDICTORS
from mbml.predictors.registry import predictor as find_predictor
from mbml.store import opened
from mbml.text import html_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from mbml.benchmarks import MetaDataset
    from mbml.features.registry import FeatureSet
    from mbml.frames import LearningProblem
    from mbml.metrics import TopK
    from mbml.predictors.registry import Predictor
    from mbml.splits import Split
    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """How the intervals of the scored rows do.

    Attributes
    ----------
    level
        Share of measurements that they should hold.
    coverage
        Share that they hold.
    width
        Their median width, as a fraction.
    """

    level: float
    coverage: float
    width: float


@dataclass(frozen=True, kw_only=True)
class TrainReport:
    """One trained predictor and how it does on the architectures that are scored.

    Attributes
    ----------
    problem
        What it was trained on.
    tested
        What it was tested on: the same, or another outcome or view.
    protocol
        Name of the protocol (`mbml.predictors.protocols`); scores of others are not comparable.
    predictor, features, train_size, seed, split
        How. The split's held-out rows are rows of `tested`.
    scored
        The rows of `tested` that scores are of: those held out, or all, as the protocol says.
    regressor
        The fitted scikit-learn pipeline, from a frame of features to accuracies as fractions.
    predicted
        Predictions for the scored rows: accuracies as fractions, sizes in the target's unit.
    scores
        Scores by name (`mbml.metrics.METRICS`), in the unit of `predicted`. The best
        architectures have the highest accuracies, or the smallest sizes.
    intervals
        Scores of the intervals, if they were asked for.
    top
        The top-k table over the scored rows; without values where the target is a size.
    fit_seconds, predict_seconds
        Time of fitting, and of predicting all scored rows.
    """

    problem: LearningProblem
    tested: LearningProblem
    protocol: str
    predictor: str
    features: str
    train_size: int
    seed: int
    split: Split
    scored: NDArray[np.intp]
    regressor: Any
    predicted: NDArray[np.float64]
    scores: dict[str, float]
    intervals: Intervals | None
    top: list[TopK]
    fit_seconds: float
    predict_seconds: float

    @property
    def all_scores(self) -> dict[str, float]:
        """The scores, and those of the intervals if they were asked for."""
        if self.intervals is None:
            return self.scores
        of_intervals = {f"interval_{name}": one for name, one in asdict(self.intervals).items()}
        return self.scores | of_intervals

    def _repr_html_(self) -> str:
        """Show what was trained and its scores, in a notebook."""
        from mbml.metrics import METRICS

        units = {metric.name: metric.unit for metric in METRICS}
        about = f"{self.predictor} on {self.features} features of {self.problem.dataset.name}"
        size = f"{self.train_size:,} to train, {len(self.scored):,} scored"
        what = f"target {self.problem.target}, score {self.tested.target}"
        title = f"{about}, {what}, {size}, protocol {self.protocol}, seed {self.seed}"
        if self.problem.is_surrogate:
            title = f"SURROGATE DATA: {title}"
        rows = [(name, one, units.get(name, "fraction")) for name, one in self.all_scores.items()]
        return html_table(title, ("score", "value", "unit"), rows)

    def flat_scores(self) -> dict[str, float | None]:
        """Return the scores and the top-k table, each number by a name."""
        flat: dict[str, float | None] = dict(self.all_scores)
        for row in self.top:
            flat[f"top{row.k}_chosen_valid_accuracy"] = row.chosen_valid_accuracy
            flat[f"top{row.k}_chosen_test_accuracy"] = row.chosen_test_accuracy
            flat[f"top{row.k}_oracle_test_accuracy"] = row.oracle_test_accuracy
        return flat

    def flat(self) -> dict[str, Any]:
        """Return all that can be printed as one flat object, each key once."""
        return {
            "view": self.problem.dataset.name,
            "predictor": self.predictor,
            "features": self.features,
            "feature_epochs": self.problem.feature_epochs,
            "feature_seconds": self.problem.feature_seconds,
            "train_size": self.train_size,
            "seed": self.seed,
            "split": self.split.name,
            "target": self.problem.target,
            "target_view": self.problem.target_view,
            "protocol": self.protocol,
            "score": self.tested.target,
            "test_view": self.tested.dataset.name,
            "surrogate": self.problem.is_surrogate,
            "held_out": len(self.split.held_out),
            "scored": len(self.scored),
            "left_out": self.problem.left_out,
            **self.flat_scores(),
            "fit_seconds": self.fit_seconds,
            "predict_seconds": self.predict_seconds,
        }


#: Rows predicted together, so that memory does not grow with their number.
_ROWS_AT_ONCE = 65_536

#: Up to so many columns, equal rows are looked for: by the published features of NAS-Bench-101,
#: 423,624 cells are 4,985 rows.
_FEW_COLUMNS = 16


def train(
    warehouse: WarehouseOrPath,
    view: str | MetaDataset,
    *,
    predictor: str | Predictor = "blend",
    features: str | FeatureSet | None = None,
    train_size: int = 172,
    seed: int = 0,
    target: str = "valid_accuracy",
    split: str = "published",
    protocol: str = HELD_OUT,
    score: str | None = None,
    test_view: str | MetaDataset | None = None,
    intervals: bool = False,
    notify: Callable[[str], None] | None = None,
) -> TrainReport:
    """Train a predictor on one split of a view, with the registry's fixed settings.

    How features are scaled and what is fitted is the predictor's own (`mbml.predictors.registry`);
    scores are of accuracies as fractions, or of sizes in their unit.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    view
        The meta-dataset: its name, or its entry.
    predictor
        A name from the registry of predictors, or an entry.
    features
        A name from the registry of feature sets, or an entry; the one that the predictor is made
        for if not given.
    train_size
        Number of architectures to train on.
    seed
        Seed of the split and of the predictor.
    target
        The outcome to predict, or a size that is known without training, such as a latency.
    split
        A name of `mbml.splits.SPLITS`.
    protocol
        What is learned and which rows are scored: a name of `mbml.predictors.protocols.PROTOCOLS`.
        `held_out` scores no row that was trained on.
    score
        The outcome to score against, in the unit of the target; by default the target, or what the
        protocol says.
    test_view
        Another view of the benchmark, to test on in place of the same.
    intervals
        Whether to calibrate and score the predictor's intervals as well: five more fits.
    notify
        Told the notes of `TrainReport.problem`, and what the data lacks that the protocol asks for.

    Returns
    -------
    TrainReport
        The fitted predictor, its predictions, and its scores.

    Raises
    ------
    UsageError
        A name is unknown, or the view or the predictor cannot serve the request.
    WarehouseError
        The warehouse cannot be opened.
    PluginError
        A plug-in failed, or its predictions are not as many finite numbers.
    WrongResultError
        A predictor of mbml predicts NaN or infinity.

    Examples
    --------
    >>> import mbml
    >>> report = mbml.train(
    ...     "warehouse/mbml.duckdb",
    ...     "meta_nasbench201_cifar100_200epochs",
    ...     predictor="bayesian_ridge",
    ...     train_size=30,
    ... )
    >>> len(report.split.held_out), sorted(report.scores)[:3]
    (30, ['kendall_tau', 'mae', 'mse'])
    """
    chosen = find_predictor(predictor)
    known = feature_set(chosen.features if features is None else features)
    rules = protocol_of(protocol)
    if intervals:
        _check_intervals(chosen)
    with opened(warehouse) as held:
        dataset = find_dataset(held, view)
        known = held_features(held, dataset, known)
        other = None if test_view is None else _test_dataset(held, dataset, test_view)
        problem, tested = read_problems(
            held,
            dataset,
            known,
            protocol=rules,
            target=target,
            score=score,
            test_dataset=other,
            notify=notify,
        )
    return train_on(
        problem,
        known,
        tested=tested,
        predictor=chosen,
        train_size=train_size,
        seed=seed,
        split=split,
        protocol=protocol,
        intervals=intervals,
    )


def train_on(
    problem: LearningProblem,
    features: FeatureSet,
    *,
    tested: LearningProblem,
    predictor: Predictor,
    train_size: int,
    seed: int,
    split: str = "published",
    protocol: str = HELD_OUT,
    intervals: bool = False,
) -> TrainReport:
    """Train a predictor on what was read before; the parameters are those of `train`."""
    splits.check_size(train_size)
    rules = protocol_of(protocol)
    rules.check_split(split)
    if predictor.most_rows is not None and train_size > predictor.most_rows:
        raise UsageError(
            f"`train_size={train_size}` does not fit: {predictor.name} learns from at most"
            f" {predictor.most_rows} rows, as its memory grows with their square; try xgboost"
        )
    rows = splits.draw(split, problem.rows, tested.rows, train_size=train_size, seed=seed)
    scored = np.arange(len(tested.y)) if rules.all_rows else rows.held_out
    columns = Columns.of(features, problem.dataset.benchmark)
    regressor = predictor.build(
        seed, columns, problem.dataset, intervals=intervals, of_size=problem.smaller_is_better
    )
    started = time.perf_counter()
    predictor.fit(regressor, problem.x[rows.train], problem.y[rows.train])
    fitted = time.perf_counter()
    (predicted,) = in_parts(lambda x: (predictor.predict(regressor, x),), tested.x, scored)
    ended = time.perf_counter()
    true = tested.y[scored]
    # Scores take the largest values for the best.
    sign = -1 if problem.smaller_is_better else 1
    return TrainReport(
        problem=problem,
        tested=tested,
        protocol=rules.name,
        predictor=predictor.name,
        features=features.name,
        train_size=train_size,
        seed=seed,
        split=rows,
        scored=scored,
        regressor=regressor,
        predicted=predicted,
        scores={metric.name: metric.score(sign * true, sign * predicted) for metric in METRICS},
        intervals=_scored(predictor, regressor, tested, scored) if intervals else None,
        top=_top(predicted, tested, scored),
        fit_seconds=fitted - started,
        predict_seconds=ended - fitted,
    )


def in_parts(
    predict: Callable[[pl.DataFrame], tuple[NDArray[Any], ...]],
    x: pl.DataFrame,
    rows: NDArray[np.intp],
) -> tuple[NDArray[Any], ...]:
    """Predict some rows of a frame, a part of them at a time; of few columns, equal rows once.

    What is predicted of a row depends on no other row.

    Parameters
    ----------
    predict
        Returns arrays of as many values as the frame that it is given has rows.
    x
        Features.
    rows
        The numbers of the rows to predict, in any order.

    Returns
    -------
    tuple of numpy.ndarray
        What `predict` returned, of shape ``(len(rows),)`` each, in the order of `rows`.
    """
    if x.width > _FEW_COLUMNS:
        return _in_parts(predict, x, rows)
    asked = x[rows]
    distinct = asked.unique(maintain_order=True)
    places = asked.join(
        distinct.with_row_index(" place"),
        on=x.columns,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )[" place"].to_numpy()
    found = _in_parts(predict, distinct, np.arange(distinct.height))
    return tuple(values[places] for values in found)


def _in_parts(
    predict: Callable[[pl.DataFrame], tuple[NDArray[Any], ...]],
    x: pl.DataFrame,
    rows: NDArray[np.intp],
) -> tuple[NDArray[Any], ...]:
    parts = [
        predict(x[rows[start : start + _ROWS_AT_ONCE]])
        for start in range(0, len(rows), _ROWS_AT_ONCE)
    ]
    return tuple(np.concatenate(values) for values in zip(*parts, strict=True))


def _top(
    predicted: NDArray[np.float64], tested: LearningProblem, scored: NDArray[np.intp]
) -> list[TopK]:
    valid, test = (
        tested.rows[name][scored].cast(float).fill_null(np.nan).to_numpy()
        for name in ("valid_accuracy", "test_accuracy")
    )
    if tested.smaller_is_better:
        # Small cells are no choice by accuracy: the table has no values.
        valid = test = np.full(len(valid), np.nan)
    return top_k(predicted, valid, test)


def _scored(
    predictor: Predictor, regressor: Any, tested: LearningProblem, scored: NDArray[np.intp]
) -> Intervals:
    from mbml.predictors.fitted import LEVEL, predict_interval

    def bounds(x: pl.DataFrame) -> tuple[NDArray[np.float64], ...]:
        with guard(predictor.owner, "failed in predict with return_std"):
            found = predict_interval(regressor, x)
            both = found.lower, found.upper
            return tuple(
                checked_numbers(one, len(x), f"intervals of {predictor.name}") for one in both
            )

    lower, upper = in_parts(bounds, tested.x, scored)
    return Intervals(
        level=LEVEL,
        coverage=coverage(tested.y[scored], lower, upper),
        width=float(np.median(upper - lower)),
    )


def _check_intervals(chosen: Predictor) -> None:
    if not chosen.intervals:
        able = ", ".join(one.name for one in PREDICTORS.values() if one.intervals)
        raise UsageError(f"{chosen.name} gives no prediction intervals; use one of {able}")


def _test_dataset(
    warehouse: Warehouse, dataset: MetaDataset, view: str | MetaDataset
) -> MetaDataset:
    other = find_dataset(warehouse, view)
    if other.benchmark != dataset.benchmark:
        near = [
            one.name
            for one in meta_datasets().values()
            if one.benchmark == dataset.benchmark and not one.subset
        ]
        raise UsageError(
            f"`test_view={other.name}` is of {other.benchmark}, which uses different features"
            f" from {dataset.benchmark}; name one of its views, such as {near[-1]}"
        )
    return other
