"""Fits the surrogate of NAS-Bench-101."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from scipy.special import ndtri
from surrogate_fit.parts import (
    FAILED_BELOW,
    covariance,
    curve,
    factor,
    fit_trees,
    normal_scores,
    pack,
)

from mbml.features.topology.nasbench101 import TOPOLOGY
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.surrogate.nasbench101_results import _GROUPS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SCHEDULES: Final = (4, 12, 36, 108)


def fit_nasbench101(data: Path) -> dict[str, Any]:
    """Fit on all means of 108 epochs, single runs of 20,001 cells, and repeats of 91 cells."""
    table = pl.read_parquet(data / "nasbench101" / "measurements.parquet")
    final = table.filter(pl.col("test_accuracy").is_not_null()).sort("module_hash")
    single = table.filter(pl.col("valid_accuracy").is_not_null()).pivot(
        "schedule_epochs", index="module_hash", values="valid_accuracy"
    )
    cells = final.join(single, on="module_hash", how="left", maintain_order="left")
    features = _features(cells)
    means = final["test_accuracy"].to_numpy()
    measured = {str(s): cells[str(s)].to_numpy() for s in _SCHEDULES[:3]} | {"108": means}
    trained = {
        name: np.where(_may_have_failed(accuracy, name), np.nan, accuracy)
        for name, accuracy in measured.items()
    }
    trees, latents, residuals = {}, {}, {}
    for name, accuracy in trained.items():
        scores = normal_scores(accuracy)
        trees[name], latents[name] = fit_trees(features, scores, trees=80, depth=5)
        residuals[name] = scores - latents[name]
    repeats = _repeats(data / "tfrecord" / "energy_4V9E.tfrecord")
    run_deviation = {name: _run_deviation(repeats, name, measured) for name in measured}
    spread = covariance(residuals)
    for place, name in enumerate(measured):
        trials = 3 if name == "108" else 1
        spread[place, place] -= min(run_deviation[name] ** 2 / trials, 0.8 * spread[place, place])
    deviation = factor(spread)
    curves = {
        name: curve(
            latents[name],
            np.hypot(
                np.linalg.norm(deviation[place]),
                run_deviation[name] / (np.sqrt(3) if name == "108" else 1),
            ),
            accuracy[~np.isnan(accuracy)],
        )
        for place, (name, accuracy) in enumerate(trained.items())
    }
    timed = cells["train_seconds"].to_numpy() / 108
    trees["seconds"], _ = fit_trees(features, timed, trees=40, depth=4)
    trees["failed"], _ = fit_trees(
        features, _failed_share(means), trees=60, depth=4, objective="binary:logistic", weight=2
    )
    numbers = {"run_deviation": run_deviation, **_splits(data, repeats)}
    return pack(list(measured), deviation, curves, numbers, trees)


def _features(cells: pl.DataFrame) -> NDArray[np.float32]:
    texts = (cells["adjacency"] + ":" + cells["operations"]).to_list()
    return TOPOLOGY.matrix(texts, _GROUPS)


def _repeats(path: Path) -> pl.DataFrame:
    """Read the last epochs of all runs of a record file."""
    batches = list(NasBench101Source(path).batches())
    parts = [
        pl.DataFrame(pl.from_arrow(batch.epochs)).join(
            pl.DataFrame(pl.from_arrow(batch.runs)), on="run"
        )
        for batch in batches
    ]
    return pl.concat(parts).filter(pl.col("epoch") == pl.col("schedule_epochs"))


def _run_deviation(repeats: pl.DataFrame, name: str, measured: dict[str, Floats]) -> float:
    """Measure the spread between repeats on the scale of latent numbers: the median over cells."""
    known = np.sort(measured[name][~np.isnan(measured[name])])
    ours = repeats.filter(pl.col("schedule_epochs") == int(name)).sort("arch", "trial")
    column = "test_accuracy" if name == "108" else "valid_accuracy"
    share = (np.searchsorted(known, ours[column].to_numpy()) + 0.5) / (len(known) + 1)
    deviations = ndtri(np.clip(share, 1e-4, 1 - 1e-4)).reshape(-1, 3).std(axis=1, ddof=1)
    # A median of 3-sample deviations is 0.83 of the deviation itself.
    return float(np.median(deviations) / 0.8326)


def _may_have_failed(accuracy: Floats, name: str) -> NDArray[np.bool_]:
    """Mark single runs, and means of three, that a run at chance is part of."""
    if name == "36":
        return accuracy < FAILED_BELOW
    if name == "108":
        found: NDArray[np.bool_] = np.any(
            [(accuracy > low) & (accuracy <= high) for low, high in _FAILED_OF_THREE], axis=0
        )
        return found
    # After 4 and 12 epochs many a cell that will learn is near chance still.
    return np.zeros(len(accuracy), np.bool_)


def _failed_share(means: Floats) -> Floats:
    """Tell how many of a cell's three runs stayed at chance: a mean near 1/3, 2/3 of the rest."""
    inside = [(means > low) & (means <= high) for low, high in _FAILED_OF_THREE]
    share: Floats = np.select(inside, (1 / 3, 2 / 3, 1.0), 0.0)
    return share


_FAILED_OF_THREE: Final = ((0.55, 0.65), (0.28, 0.42), (0.0, 0.2))


def _splits(data: Path, repeats: pl.DataFrame) -> dict[str, Any]:
    """Measure how training and test accuracy follow from validation accuracy."""
    published = pl.read_csv(data / "published" / "nasbench101_distribution.csv")
    offsets, noises = {}, {}
    for schedule in _SCHEDULES:
        mean = dict(published.filter(pl.col("epoch") == schedule).select("column", "mean").rows())
        offsets[str(schedule)] = mean["final_test_accuracy"] - mean["final_validation_accuracy"]
        ours = repeats.filter(pl.col("schedule_epochs") == schedule)
        noises[str(schedule)] = (ours["test_accuracy"] - ours["valid_accuracy"]).std()
    edges = np.linspace(0.1, 0.95, 18)
    valid, train = repeats["valid_accuracy"].to_numpy(), repeats["train_accuracy"].to_numpy()
    bins = np.clip(np.digitize(valid, edges) - 1, 0, len(edges) - 1)
    held = [number for number in range(len(edges)) if np.sum(bins == number) >= 5]
    known_valid = [0.1, *(float(valid[bins == one].mean()) for one in held)]
    known_train = np.maximum.accumulate([0.1, *(train[bins == one].mean() for one in held)])
    return {
        "test_offset": offsets,
        "test_noise": noises,
        "train": [known_valid, known_train.tolist()],
    }
