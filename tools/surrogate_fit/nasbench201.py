"""Fits the surrogate of NAS-Bench-201."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from surrogate_fit.parts import (
    FAILED_BELOW,
    covariance,
    curve,
    factor,
    fit_trees,
    normal_scores,
    pack,
)

from mbml.features.topology.nasbench201 import TOPOLOGY
from mbml.spaces.nasbench201 import official_order
from mbml.surrogate.networks import GROUPS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Targets of NAS-Bench-201 and the accuracy that each stands for.
_TARGETS: Final = {
    f"{dataset}/{epochs}": (dataset, epochs, column)
    for dataset, column in (
        ("cifar10-valid", "valid_accuracy"),
        ("cifar10", "test_accuracy"),
        ("cifar100", "valid_accuracy"),
    )
    for epochs in (12, 200)
}
_ANCHORS: Final = (1, 2, 3, 4, 6, 8, 12, 18, 26, 36, 50, 70, 90, 108, 130, 150, 170, 185, 193, 200)


def fit_nasbench201(data: Path) -> dict[str, Any]:
    """Fit on the means of all cells, the trials of 200 epochs, and the curves of 200 cells."""
    folder = data / "nasbench201"
    table = pl.read_parquet(folder / "measurements.parquet")
    features = TOPOLOGY.matrix(list(official_order()), GROUPS)
    measured = {
        name: _means(table, dataset, epochs)[column].to_numpy()
        for name, (dataset, epochs, column) in _TARGETS.items()
    }
    trees, latents, residuals = {}, {}, {}
    for name, accuracy in measured.items():
        trees[name], latents[name] = fit_trees(features, normal_scores(accuracy), trees=60, depth=4)
        residuals[name] = normal_scores(accuracy) - latents[name]
    deviation = factor(covariance(residuals))
    curves = {
        name: curve(latents[name], float(np.linalg.norm(deviation[place])), measured[name])
        for place, name in enumerate(measured)
    }
    trials = pl.read_parquet(folder / "trials.parquet")
    numbers = {
        "run_deviation": {
            "cifar10-valid": _spread_by_level(trials, "cifar10-valid", "valid_accuracy"),
            "cifar100": _spread_by_level(trials, "cifar100", "valid_test_accuracy"),
        },
        "failed_share": _fallen_share(trials),
        "splits": {name: _splits(table, name) for name in ("cifar10-valid", "cifar100")},
        "shape": _shapes(pl.read_parquet(folder / "learning_curves_200.parquet")),
    }
    return pack(list(measured), deviation, curves, numbers, trees)


def _means(table: pl.DataFrame, dataset: str, epochs: int) -> pl.DataFrame:
    here = (pl.col("dataset") == dataset) & (pl.col("schedule_epochs") == epochs)
    return table.filter(here).sort("arch_index")


def _spread_by_level(trials: pl.DataFrame, dataset: str, column: str) -> list[list[float]]:
    """Measure the deviation between trials for twelve levels of the mean accuracy."""
    cells = (
        trials.filter((pl.col("dataset") == dataset) & pl.col(column).is_not_null())
        .group_by("arch_index")
        .agg(mean=pl.col(column).mean(), variance=pl.col(column).var(), trials=pl.len())
        .filter((pl.col("trials") > 1) & (pl.col("variance") < 0.2**2))
        .sort("mean", "arch_index")
    )
    parts = np.array_split(np.arange(len(cells)), 12)
    mean, variance = cells["mean"].to_numpy(), cells["variance"].to_numpy()
    return [
        [float(mean[part].mean()) for part in parts],
        [float(np.sqrt(variance[part].mean())) for part in parts],
    ]


def _fallen_share(trials: pl.DataFrame) -> float:
    """Count trials that end far below the other trials of their cell."""
    valid = trials.filter(pl.col("dataset") == "cifar10-valid")
    fallen = pl.col("valid_accuracy") < pl.col("valid_accuracy").max().over("arch_index") - 0.3
    return float(valid.select(fallen.mean()).item())


def _splits(table: pl.DataFrame, dataset: str) -> dict[str, list[float]]:
    """Measure training accuracy, and test less validation accuracy, for twenty levels."""
    here = _means(table, dataset, 200).sort("valid_accuracy", "arch_index")
    valid, test, train = (
        here[f"{name}_accuracy"].to_numpy() for name in ("valid", "test", "train")
    )
    parts = np.array_split(np.arange(len(here)), 20)
    return {
        "valid": [float(valid[part].mean()) for part in parts],
        "train": np.maximum.accumulate([train[part].mean() for part in parts]).tolist(),
        "offset": [float((test - valid)[part].mean()) for part in parts],
        "noise": [float((test - valid)[part].std()) for part in parts],
    }


def _shapes(curves: pl.DataFrame) -> dict[str, Any]:
    """Describe curves, from chance 0 to last 1, in five groups by their last accuracy."""
    ordered = curves.sort("arch_index", "epoch")
    shapes: dict[str, Any] = {"epochs": list(_ANCHORS)}
    for name in ("valid", "train"):
        accuracy = ordered[f"{name}_accuracy"].to_numpy().reshape(-1, 200)
        last = accuracy[:, -1]
        trained = np.flatnonzero(last > FAILED_BELOW)
        groups = np.array_split(trained[np.argsort(last[trained])], 5)
        relative = (accuracy - 0.1) / (last - 0.1)[:, None]
        anchored = np.array([_smooth(relative, epoch) for epoch in _ANCHORS])
        rough = (accuracy - (np.roll(accuracy, 1, 1) + np.roll(accuracy, -1, 1)) / 2)[trained]
        near = [slice(max(one - 4, 1), min(one + 3, 199)) for one in _ANCHORS]
        shapes[name] = {
            "last": [float(last[group].mean()) for group in groups],
            "mean": [anchored[:, group].mean(axis=1).tolist() for group in groups],
            "cell": [float(anchored[place, trained].std()) for place in range(len(_ANCHORS))],
            # Of white noise, value less mean of neighbours has 3/2 of the variance.
            "noise": [float(rough[:, part].std() * np.sqrt(2 / 3)) for part in near],
        }
    return shapes


def _smooth(relative: Floats, epoch: int) -> Floats:
    """Average over a few epochs around one, as the noise of single epochs is kept apart."""
    reach = min(epoch - 1, 200 - epoch, 2)
    smooth: Floats = relative[:, epoch - 1 - reach : epoch + reach].mean(axis=1)
    return smooth
