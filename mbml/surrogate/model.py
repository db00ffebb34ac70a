"""The fitted model behind surrogate files: accuracy given topology, training and chance.

A target is one kind of training. A latent number of the cell (boosted trees on topology features),
plus a deviation of the cell that is correlated between targets, plus one of the run, goes through a
monotone curve to an accuracy. `fit` makes the parameters; they hold no measurement.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SurrogateModel:
    """Parameters of one benchmark.

    Attributes
    ----------
    targets
        Names of the targets.
    deviation
        Shape (targets, targets): factor of the covariance of cells' deviations; the latent
        deviations of a cell are this times independent standard normal numbers.
    curves
        Of each target: latent numbers, ascending, and the accuracies that they stand for.
    numbers
        All else that was fitted, by name.
    trees
        Of each target, and of other quantities by name: an XGBoost model as JSON.
    """

    targets: tuple[str, ...]
    deviation: NDArray[np.float64]
    curves: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    numbers: dict[str, Any]
    trees: dict[str, dict[str, Any]]

    def evaluate(self, name: str, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Evaluate one of the trees' models.

        Parameters
        ----------
        name
            A target, or another name in `trees`.
        features
            Shape (columns, cells), as `Topology.matrix` returns.

        Returns
        -------
        numpy.ndarray
            Shape (cells,).
        """
        predicted: NDArray[np.float64] = _booster(self, name).inplace_predict(
            np.ascontiguousarray(features.T)
        )
        return predicted.astype(np.float64)

    def latent(
        self, features: NDArray[np.float32], names: Sequence[str] | None = None
    ) -> NDArray[np.float64]:
        """Evaluate the latent numbers of cells without any chance, shape (targets, cells)."""
        return np.array([self.evaluate(name, features) for name in names or self.targets])

    def accuracy(self, target: str, latent: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn latent numbers into accuracies, fractions in [0, 1], of the same shape."""
        accuracy: NDArray[np.float64] = np.interp(latent, *self.curves[target])
        return accuracy


@cache
def fitted(benchmark: str) -> SurrogateModel:
    """Read the parameters of `nasbench101` or `nasbench201`."""
    packed = (files("mbml.surrogate") / "parameters" / f"{benchmark}.json.gz").read_bytes()
    held = json.loads(gzip.decompress(packed))
    curves = {
        name: (np.array(latent), np.array(accuracy))
        for name, (latent, accuracy) in held["curves"].items()
    }
    return SurrogateModel(
        tuple(held["targets"]),
        np.array(held["deviation"]),
        curves,
        held["numbers"],
        held["trees"],
    )


@cache
def _booster(model: SurrogateModel, name: str) -> Any:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(json.dumps(model.trees[name]).encode()))
    booster.set_param({"nthread": 1})
    return booster
