"""Invented trainings of NAS-Bench-201 cells and NATS-Bench nets: plausible numbers, none measured.

Every architecture has a quality from its operations (or channels), every data set a range of
accuracies; seeds and epochs add noise. The same seed gives the same numbers, whatever the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Data set: classes, images trained on, lowest and highest test accuracy in percent.
DATASETS: Final[dict[str, tuple[int, int, float, float]]] = {
    "cifar10-valid": (10, 25_000, 10.0, 91.5),
    "cifar10": (10, 50_000, 10.0, 94.3),
    "cifar100": (100, 50_000, 1.0, 73.4),
    "ImageNet16-120": (120, 151_700, 0.83, 47.2),
}
#: Splits that are evaluated, and how many images they have.
SPLITS: Final[dict[str, dict[str, int]]] = {
    "cifar10-valid": {"x-valid": 25_000, "ori-test": 10_000},
    "cifar10": {"ori-test": 10_000},
    "cifar100": {"x-valid": 5_000, "x-test": 5_000, "ori-test": 10_000},
    "ImageNet16-120": {"x-valid": 3_000, "x-test": 3_000, "ori-test": 6_000},
}
_TRAIN_SHARE_OF_EVAL: Final = 2.8


@dataclass(frozen=True, slots=True)
class Network:
    """What is invented from.

    Attributes
    ----------
    index
        Official index.
    text
        Architecture string.
    quality
        From 0 (does not train) to 1.
    costs
        Parameters and FLOPs, counted, by data set.
    """

    index: int
    text: str
    quality: float
    costs: dict[str, tuple[int, int]]

    @property
    def size(self) -> float:
        """FLOPs on CIFAR-10 in units of 100 million."""
        return self.costs["cifar10"][1] / 1e8


def generator(seed: int, index: int) -> np.random.Generator:
    """Return the source of chance of one architecture."""
    return np.random.Generator(np.random.PCG64([seed, index]))


def final_accuracy(network: Network, dataset: str, epochs: int, chance: float) -> float:
    """Invent the accuracy in percent after the last epoch; `chance` is about -1 to 1."""
    _, _, low, high = DATASETS[dataset]
    share = network.quality * (1 - 0.45 * np.exp(-epochs / 25))
    return float(np.clip(low + (high - low) * share + 0.35 * chance, low, 99.5))


def accuracy_curve(
    chance: np.random.Generator, last: float, low: float, epochs: int, images: int
) -> NDArray[np.float64]:
    """Invent accuracies in percent after each epoch, as whole numbers of images.

    Returns
    -------
    array of float64
        Shape (epochs,).
    """
    time = np.arange(1, epochs + 1) / epochs
    rise = (1 - np.exp(-4.5 * time)) / (1 - np.exp(-4.5))
    noise = chance.normal(0, 2.2, epochs) * (1 - time)
    curve = np.clip(low + (last - low) * rise + noise, 0, 99.9)
    counted: NDArray[np.float64] = np.rint(curve * images / 100) / images * 100
    return counted


def loss_curve(
    chance: np.random.Generator, accuracy: NDArray[np.float64], classes: int
) -> NDArray[np.float64]:
    """Invent cross-entropies that fit accuracies."""
    wrong = 1 - accuracy / 100
    loss: NDArray[np.float64] = wrong * np.log(classes)
    loss *= 1 + chance.normal(0, 0.01, len(accuracy))
    loss += 0.02
    return loss


def train_seconds(network: Network, dataset: str, base: float) -> float:
    """Invent the seconds of a training epoch: flops and images, as the releases scale them."""
    return base * (0.35 + 1.7 * network.size) * DATASETS[dataset][1] / 25_000


def eval_seconds(per_epoch: float, dataset: str, images: int) -> float:
    """Invent the seconds of an evaluation from those of a training epoch."""
    return per_epoch / DATASETS[dataset][1] * images / _TRAIN_SHARE_OF_EVAL


def latency(network: Network) -> float:
    """Invent the seconds of one batch of 256 images."""
    return 0.0071 + 0.018 * min(network.size / 2.2, 1.0)
