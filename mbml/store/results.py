"""Fits and scores that were computed from views: the tables of schema `results`.

Each finished fit is written in a short transaction of its own, so that several evaluations and
readers share one warehouse. A unique key keeps a fit from being stored twice.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from mbml.store.warehouse import Warehouse


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What fits are made on; the columns of `results.experiment` say what each is."""

    view_name: str
    target: str
    features: str
    features_version: str
    preset: str
    protocol_version: int
    split: str
    protocol: str
    score: str
    test_view: str
    data_sha256: str
    is_surrogate: bool
    rows: int
    left_out: int


#: What makes two experiments the same.
EXPERIMENT_KEY = (
    "view_name",
    "target",
    "features",
    "features_version",
    "preset",
    "protocol_version",
    "split",
    "protocol",
    "score",
    "test_view",
    "data_sha256",
)

#: What makes two fits of an experiment the same.
FIT_KEY = ("predictor", "train_size", "seed")

#: What makes two searches the same, but for their seed.
SEARCH_KEY = (
    "view_name",
    "target",
    "strategy",
    "strategy_version",
    "settings",
    "features",
    "objectives",
    "condition",
    "unit",
    "budget",
    "one_trial",
    "equivalents_once",
    "data_sha256",
)


@dataclass(frozen=True, kw_only=True)
class FitResult:
    """What came of a fit; the columns of `results.fit` say what each is.

    `scores` are of accuracies as fractions, by name of the metric.
    """

    held_out: int
    scored: int
    search_seconds: float
    fit_seconds: float
    predict_seconds: float
    parameters: Mapping[str, Any]
    warnings: Mapping[str, int]
    libraries: Mapping[str, str]
    scores: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One fit of a predictor, from its plan to its stored row and back.

    Two fits are equal if they are planned alike, whatever came of them.

    Attributes
    ----------
    view, features
        What it learns from.
    predictor, train_size, seed
        What tells it from the others that learn from the same.
    result
        What came of it; None before it is made, or if it failed.
    failure
        Why it failed; empty if it did not.
    """

    view: str
    features: str
    predictor: str
    train_size: int
    seed: int
    result: FitResult | None = field(default=None, compare=False)
    failure: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Return its place among the others, for messages."""
        return f"{self.view}, {self.predictor}, N={self.train_size}, seed {self.seed}"


def stored_fits(warehouse: Warehouse, experiment: Experiment) -> set[Fit]:
    """Return the fits of an experiment that are stored, without their results."""
    rows = warehouse.rows(
        "select predictor, train_size, seed from results.fit"  # noqa: S608
        f" inner join results.experiment using (experiment_id) where {_matches()}",
        _key_values(experiment),
    )
    return {_planned(experiment, *row) for row in rows}


def write_fit(warehouse: Warehouse, experiment: Experiment, fit: Fit) -> bool:
    """Store a finished fit, all or nothing; return False if it was stored before."""
    result = fit.result
    if result is None:
        raise ValueError(f"{fit}: there is no result to store")

    def work() -> bool:
        number = _experiment_id(warehouse, experiment)
        held = warehouse.rows(
            "select count(*) from results.fit where experiment_id = ?"
            " and predictor = ? and train_size = ? and seed = ?",
            [number, fit.predictor, fit.train_size, fit.seed],
        )
        if held != [(0,)]:
            return False
        [(fit_id,)] = warehouse.rows("select coalesce(max(fit_id) + 1, 0) from results.fit")
        warehouse.insert(
            "results.fit",
            {
                "fit_id": fit_id,
                "experiment_id": number,
                "predictor": fit.predictor,
                "train_size": fit.train_size,
                "seed": fit.seed,
                "held_out": result.held_out,
                "scored": result.scored,
                "search_seconds": result.search_seconds,
                "fit_seconds": result.fit_seconds,
                "predict_seconds": result.predict_seconds,
                "parameters": json.dumps(result.parameters),
                "warnings": json.dumps(result.warnings),
                "libraries": json.dumps(result.libraries),
                "finished_at": datetime.now(UTC),
            },
        )
        known = [
            value if value is not None and math.isfinite(value) else None
            for value in result.scores.values()
        ]
        warehouse.rows(
            "insert into results.score (fit_id, metric, value)"
            " select ?, unnest(?::text[]), unnest(?::double[])",
            [fit_id, list(result.scores), known],
        )
        return True

    return warehouse.transaction(work)


def read_fits(warehouse: Warehouse, experiment: Experiment) -> list[Fit]:
    """Read the fits of an experiment with their results."""
    scores: dict[int, dict[str, float | None]] = defaultdict(dict)
    for number, metric, value in warehouse.rows(
        "select fit_id, metric, value from results.score inner join results.fit using (fit_id)"  # noqa: S608
        f" inner join results.experiment using (experiment_id) where {_matches()}"
        " order by score.rowid",
        _key_values(experiment),
    ):
        scores[number][metric] = value
    rows = warehouse.rows(
        "select fit_id, predictor, train_size, seed, held_out, scored, search_seconds,"  # noqa: S608
        " fit_seconds, predict_seconds, parameters, warnings, libraries from results.fit"
        f" inner join results.experiment using (experiment_id) where {_matches()}",
        _key_values(experiment),
    )
    found = []
    for number, *planned, held_out, scored, search, fit, predict, chosen, warned, libraries in rows:
        result = FitResult(
            held_out=held_out,
            scored=scored,
            search_seconds=search,
            fit_seconds=fit,
            predict_seconds=predict,
            parameters=json.loads(chosen),
            warnings=json.loads(warned),
            libraries=json.loads(libraries),
            scores=scores[number],
        )
        found.append(replace(_planned(experiment, *planned), result=result))
    return found


def _planned(experiment: Experiment, predictor: str, train_size: int, seed: int) -> Fit:
    return Fit(
        view=experiment.view_name,
        features=experiment.features,
        predictor=predictor,
        train_size=train_size,
        seed=seed,
    )


def published_scores(warehouse: Warehouse, protocol_version: int) -> pl.DataFrame:
    """Read the scores of the published study's fits: its preset, features, protocol and target.

    Returns
    -------
    polars.DataFrame
        Columns `view, is_surrogate, train_size, predictor, seed, metric, value`; of a view whose
        data changed, those on the data evaluated last.
    """
    return warehouse.frame(
        """
        with study as (
            select experiment_id, view_name as view, is_surrogate
            from results.experiment
            where
                preset = 'published' and features = 'published' and split = 'published'
                and protocol = 'held_out' and target = 'valid_accuracy' and score = target
                and test_view = view_name and protocol_version = ?
            qualify row_number() over (partition by view_name order by experiment_id desc) = 1
        )

        select study.view, study.is_surrogate, fit.train_size, fit.predictor, fit.seed,
            score.metric, score.value
        from study
        inner join results.fit using (experiment_id)
        inner join results.score using (fit_id)
        """,
        [protocol_version],
    )


def _experiment_id(warehouse: Warehouse, experiment: Experiment) -> int:
    held = warehouse.rows(
        f"select experiment_id from results.experiment where {_matches()}",  # noqa: S608
        _key_values(experiment),
    )
    if held:
        return int(held[0][0])
    [(number,)] = warehouse.rows(
        "select coalesce(max(experiment_id) + 1, 0) from results.experiment"
    )
    warehouse.insert("results.experiment", {"experiment_id": number} | asdict(experiment))
    return int(number)


def _matches() -> str:
    return " and ".join(f"{name} = ?" for name in EXPERIMENT_KEY)


def _key_values(experiment: Experiment) -> list[Any]:
    return [getattr(experiment, name) for name in EXPERIMENT_KEY]
