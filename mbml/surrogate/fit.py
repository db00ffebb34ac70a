"""Fits the parameters of the surrogate model: `python -m mbml.surrogate.fit DATA [BENCHMARK]`.

DATA is the folder of real tables that MBML_DATA names. What is kept is a few small trees, curves
of some sixty points and a handful of spreads: two files of package data, and no measurement.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from scipy.special import ndtri
from scipy.stats import rankdata

from mbml.features.topology_nasbench101 import TOPOLOGY as TOPOLOGY_101
from mbml.features.topology_nasbench201 import TOPOLOGY as TOPOLOGY_201
from mbml.sources.nasbench101 import NasBench101Source
from mbml.spaces.nasbench201 import official_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Groups of features that the trees see.
GROUPS: Final = {"nasbench101": ("F", "H"), "nasbench201": ("F",)}

_SCHEDULES: Final = (4, 12, 36, 108)
_FAILED_BELOW: Final = 0.2
_LEVELS: Final = np.concatenate([[1e-4, 1e-3, 5e-3], np.arange(1, 60) / 60, [0.995, 0.999, 0.9999]])
_ROWS: Final = 100_000  # more cells hardly change trees this small
_UNUSED: Final = ("base_weights", "loss_changes", "sum_hessian")


def fit_nasbench101(data: Path) -> dict[str, Any]:
    """Fit on all means of 108 epochs, single runs of 20,001 cells, and repeats of 91 cells."""
    table = pl.read_parquet(data / "nasbench101" / "measurements.parquet")
    final = table.filter(pl.col("test_accuracy").is_not_null()).sort("module_hash")
    single = table.filter(pl.col("valid_accuracy").is_not_null()).pivot(
        "schedule_epochs", index="module_hash", values="valid_accuracy"
    )
    cells = final.join(single, on="module_hash", how="left", maintain_order="left")
    features = _features_101(cells)
    means = final["test_accuracy"].to_numpy()
    measured = {str(s): cells[str(s)].to_numpy() for s in _SCHEDULES[:3]} | {"108": means}
    trained = {
        name: np.where(_may_have_failed(accuracy, name), np.nan, accuracy)
        for name, accuracy in measured.items()
    }
    trees, latents, residuals = {}, {}, {}
    for name, accuracy in trained.items():
        scores = _scores(accuracy)
        trees[name], latents[name] = _fit_trees(features, scores, trees=80, depth=5)
        residuals[name] = scores - latents[name]
    repeats = _repeats(data / "tfrecord" / "energy_4V9E.tfrecord")
    run_deviation = {name: _run_deviation(repeats, name, measured) for name in measured}
    spread = _covariance(residuals)
    for place, name in enumerate(measured):
        trials = 3 if name == "108" else 1
        spread[place, place] -= min(run_deviation[name] ** 2 / trials, 0.8 * spread[place, place])
    deviation = _factor(spread)
    curves = {
        name: _curve(
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
    trees["seconds"], _ = _fit_trees(features, timed, trees=40, depth=4)
    numbers = {"run_deviation": run_deviation, **_failures(means), **_splits_101(data, repeats)}
    return _pack(list(measured), deviation, curves, numbers, trees)


def _features_101(cells: pl.DataFrame) -> NDArray[np.float32]:
    texts = (cells["adjacency"] + ":" + cells["operations"]).to_list()
    return TOPOLOGY_101.matrix(texts, GROUPS["nasbench101"])


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
        return accuracy < _FAILED_BELOW
    if name == "108":
        found: NDArray[np.bool_] = np.any(
            [(accuracy > low) & (accuracy <= high) for low, high in _FAILED_OF_THREE], axis=0
        )
        return found
    # After 4 and 12 epochs many a cell that will learn is near chance still.
    return np.zeros(len(accuracy), np.bool_)


def _failures(means: Floats) -> dict[str, float]:
    """Count cells by how many of three runs stayed at chance: a mean near 1/3, 2/3 of the rest."""
    counts = [np.mean((means > low) & (means <= high)) for low, high in _FAILED_OF_THREE]
    any_failed = float(sum(counts))
    a_cell = float(np.dot(counts, (1, 2, 3))) / any_failed
    rates = np.linspace(0.01, 0.99, 981)
    rate = float(rates[np.argmin(np.abs(3 * rates / (1 - (1 - rates) ** 3) - a_cell))])
    return {"fragile_share": any_failed / (1 - (1 - rate) ** 3), "fragile_failure": rate}


_FAILED_OF_THREE: Final = ((0.55, 0.65), (0.28, 0.42), (0.0, 0.2))


def _splits_101(data: Path, repeats: pl.DataFrame) -> dict[str, Any]:
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


#: Targets of NAS-Bench-201 and the accuracy that each stands for.
_TARGETS_201: Final = {
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
    features = TOPOLOGY_201.matrix(list(official_order()), GROUPS["nasbench201"])
    measured = {
        name: _means(table, dataset, epochs)[column].to_numpy()
        for name, (dataset, epochs, column) in _TARGETS_201.items()
    }
    trees, latents, residuals = {}, {}, {}
    for name, accuracy in measured.items():
        trees[name], latents[name] = _fit_trees(features, _scores(accuracy), trees=60, depth=4)
        residuals[name] = _scores(accuracy) - latents[name]
    deviation = _factor(_covariance(residuals))
    curves = {
        name: _curve(latents[name], float(np.linalg.norm(deviation[place])), measured[name])
        for place, name in enumerate(measured)
    }
    trials = pl.read_parquet(folder / "trials.parquet")
    numbers = {
        "run_deviation": {
            "cifar10-valid": _spread_by_level(trials, "cifar10-valid", "valid_accuracy"),
            "cifar100": _spread_by_level(trials, "cifar100", "valid_test_accuracy"),
        },
        "failed_share": _failed_share(trials),
        "splits": {name: _splits_201(table, name) for name in ("cifar10-valid", "cifar100")},
        "shape": _shapes(pl.read_parquet(folder / "learning_curves_200.parquet")),
    }
    return _pack(list(measured), deviation, curves, numbers, trees)


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


def _failed_share(trials: pl.DataFrame) -> float:
    """Count trials that end far below the other trials of their cell."""
    valid = trials.filter(pl.col("dataset") == "cifar10-valid")
    fallen = pl.col("valid_accuracy") < pl.col("valid_accuracy").max().over("arch_index") - 0.3
    return float(valid.select(fallen.mean()).item())


def _splits_201(table: pl.DataFrame, dataset: str) -> dict[str, list[float]]:
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
        trained = np.flatnonzero(last > _FAILED_BELOW)
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


def _scores(accuracy: Floats) -> Floats:
    """Return normal scores, NaN where nothing was measured."""
    scores = np.full(len(accuracy), np.nan)
    known = ~np.isnan(accuracy)
    scores[known] = ndtri((rankdata(accuracy[known]) - 0.5) / np.sum(known))
    return scores


def _fit_trees(
    features: NDArray[np.float32], target: Floats, *, trees: int, depth: int
) -> tuple[dict[str, Any], Floats]:
    """Fit small trees; return them as JSON, and their values for all cells."""
    import xgboost

    rows = np.flatnonzero(~np.isnan(target))
    if len(rows) > _ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, _ROWS, replace=False))
    model = xgboost.XGBRegressor(
        n_estimators=trees,
        max_depth=depth,
        learning_rate=0.18,
        min_child_weight=30,
        subsample=0.6,
        colsample_bynode=0.4,
        n_jobs=1,
        random_state=0,
    )
    model.fit(np.ascontiguousarray(features[:, rows].T), target[rows])
    booster = model.get_booster()
    held = json.loads(booster.save_raw("json"))
    for tree in held["learner"]["gradient_booster"]["model"]["trees"]:
        for name in _UNUSED:
            tree[name] = [0.0] * len(tree[name])
    predicted = booster.inplace_predict(np.ascontiguousarray(features.T))
    return held, predicted.astype(np.float64)


def _covariance(residuals: dict[str, Floats]) -> Floats:
    """Return the covariance over the cells that have all targets."""
    rows = np.array(list(residuals.values()))
    covariance: Floats = np.cov(rows[:, ~np.isnan(rows).any(axis=0)])
    return covariance


def _factor(covariance: Floats) -> Floats:
    """Return a factor of the nearest covariance that is one."""
    values, vectors = np.linalg.eigh(covariance)
    factor: Floats = np.linalg.cholesky(vectors @ np.diag(np.maximum(values, 1e-3)) @ vectors.T)
    return factor


def _curve(latent: Floats, deviation: float, accuracy: Floats) -> tuple[list[float], list[float]]:
    """Pair quantiles of latent numbers, chance included, with quantiles of accuracy."""
    chance = np.random.default_rng(0)
    drawn = latent + deviation * chance.standard_normal(len(latent))
    low = np.quantile(drawn, _LEVELS)
    return np.round(low, 5).tolist(), np.round(np.quantile(accuracy, _LEVELS), 5).tolist()


def _pack(
    targets: list[str],
    deviation: Floats,
    curves: dict[str, Any],
    numbers: dict[str, Any],
    trees: Any,
) -> dict[str, Any]:
    return {
        "targets": targets,
        "deviation": np.round(deviation, 5).tolist(),
        "curves": curves,
        "numbers": json.loads(json.dumps(numbers), parse_float=lambda text: round(float(text), 6)),
        "trees": trees,
    }


def main() -> None:
    """Fit both benchmarks, or the one named after DATA, and write their parameters."""
    data, *only = sys.argv[1:]
    for benchmark, fit in (("nasbench101", fit_nasbench101), ("nasbench201", fit_nasbench201)):
        if not only or benchmark in only:
            text = json.dumps(fit(Path(data)), separators=(",", ":"))
            path = Path(__file__).with_name("parameters") / f"{benchmark}.json.gz"
            path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
