"""Fits and scores that were computed from views: the tables of schema `results`.

Each finished fit is written in a short transaction of its own, so that several evaluations and
readers share one warehouse. A unique key keeps a fit from being stored twice.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    data_sha256: str
    is_surrogate: bool
    rows: int
    left_out: int


_KEY = (
    "view_name",
    "target",
    "features",
    "features_version",
    "preset",
    "protocol_version",
    "split",
    "data_sha256",
)


class FitKey(NamedTuple):
    """What tells a fit from the others of its experiment."""

    predictor: str
    train_size: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A finished fit; the columns of `results.fit` say what each is.

    `scores` are of accuracies as fractions, by name of the metric.
    """

    key: FitKey
    held_out: int
    search_seconds: float
    fit_seconds: float
    predict_seconds: float
    parameters: Mapping[str, Any]
    warnings: Mapping[str, int]
    libraries: Mapping[str, str]
    scores: Mapping[str, float | None]


def stored_keys(warehouse: Warehouse, experiment: Experiment) -> set[FitKey]:
    """Return which fits of an experiment are stored."""
    rows = warehouse.rows(
        "select predictor, train_size, seed from results.fit"  # noqa: S608
        f" inner join results.experiment using (experiment_id) where {_matches()}",
        _key_values(experiment),
    )
    return {FitKey(*row) for row in rows}


def write_fit(warehouse: Warehouse, experiment: Experiment, fit: Fit) -> bool:
    """Store a fit with its scores, all or nothing; return False if it was stored before."""

    def work() -> bool:
        number = _experiment_id(warehouse, experiment)
        held = warehouse.rows(
            "select count(*) from results.fit where experiment_id = ?"
            " and predictor = ? and train_size = ? and seed = ?",
            [number, *fit.key],
        )
        if held != [(0,)]:
            return False
        [(fit_id,)] = warehouse.rows("select coalesce(max(fit_id) + 1, 0) from results.fit")
        _insert(
            warehouse,
            "fit",
            (
                fit_id,
                number,
                *fit.key,
                fit.held_out,
                fit.search_seconds,
                fit.fit_seconds,
                fit.predict_seconds,
                json.dumps(fit.parameters),
                json.dumps(fit.warnings),
                json.dumps(fit.libraries),
                datetime.now(UTC),
            ),
        )
        known = [
            value if value is not None and math.isfinite(value) else None
            for value in fit.scores.values()
        ]
        warehouse.rows(
            "insert into results.score select ?, unnest(?::text[]), unnest(?::double[])",
            [fit_id, list(fit.scores), known],
        )
        return True

    return warehouse.transaction(work)


def stored_fits(warehouse: Warehouse, experiment: Experiment) -> dict[FitKey, dict[str, Any]]:
    """Return the fits of an experiment: each one flat row, scores by the name of their metric."""
    found: dict[FitKey, dict[str, Any]] = {}
    names = {}
    for number, *key, held, search, fit, predict, parameters, warned, libraries in warehouse.rows(
        "select fit_id, predictor, train_size, seed, held_out, search_seconds, fit_seconds,"  # noqa: S608
        " predict_seconds, parameters, warnings, libraries from results.fit"
        f" inner join results.experiment using (experiment_id) where {_matches()}",
        _key_values(experiment),
    ):
        names[number] = FitKey(*key)
        found[names[number]] = {
            "held_out": held,
            "scores": {},
            "search_seconds": search,
            "fit_seconds": fit,
            "predict_seconds": predict,
            "parameters": json.loads(parameters),
            "warnings": json.loads(warned),
            "libraries": json.loads(libraries),
        }
    for number, metric, value in warehouse.rows(
        "select fit_id, metric, value from results.score inner join results.fit using (fit_id)"  # noqa: S608
        f" inner join results.experiment using (experiment_id) where {_matches()}"
        " order by score.rowid",
        _key_values(experiment),
    ):
        found[names[number]]["scores"][metric] = value
    return found


def published_scores(warehouse: Warehouse, protocol_version: int) -> pl.DataFrame:
    """Read the scores of the published study's fits: its preset, features, split and target.

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
                and target = 'valid_accuracy' and protocol_version = ?
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
    _insert(warehouse, "experiment", (number, *asdict(experiment).values()))
    return int(number)


def _insert(warehouse: Warehouse, table: str, values: Iterable[Any]) -> None:
    row = list(values)
    places = ", ".join("?" * len(row))
    warehouse.rows(f"insert into results.{table} values ({places})", row)  # noqa: S608


def _matches() -> str:
    return " and ".join(f"{name} = ?" for name in _KEY)


def _key_values(experiment: Experiment) -> list[Any]:
    return [getattr(experiment, name) for name in _KEY]
