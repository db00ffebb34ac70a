"""Invented trainings of NAS-Bench-201 cells and NATS-Bench nets: plausible numbers, none measured.

Every architecture has a level of accuracy for every kind of training (`networks`); runs, splits and
epochs add noise as the fitted model has it. The same seed gives the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from mbml.surrogate.model import fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Data set: classes, images trained on, lowest and highest test accuracy in percent.
CURVE_DATASETS: Final[dict[str, tuple[int, int, float, float]]] = {
    "cifar10-valid": (10, 25_000, 10.0, 91.5),
    "cifar10": (10, 50_000, 10.0, 94.3),
    "cifar100": (100, 50_000, 1.0, 73.4),
    "ImageNet16-120": (120, 151_700, 0.83, 47.2),
}
#: Splits that are evaluated, and how many images they have.
CURVE_SPLITS: Final[dict[str, dict[str, int]]] = {
    "cifar10-valid": {"x-valid": 25_000, "ori-test": 10_000},
    "cifar10": {"ori-test": 10_000},
    "cifar100": {"x-valid": 5_000, "x-test": 5_000, "ori-test": 10_000},
    "ImageNet16-120": {"x-valid": 3_000, "x-test": 3_000, "ori-test": 6_000},
}
_TRAIN_SHARE_OF_EVAL: Final = 2.8
_BEST: Final = 0.916


@dataclass(frozen=True, slots=True)
class Network:
    """What is invented from.

    Attributes
    ----------
    index
        Official index.
    text
        Architecture string.
    levels
        Mean accuracy in percent after the last epoch, by data set and length of the training; of
        validation images, of test images where there are none.
    costs
        Parameters and FLOPs, counted, by data set.
    """

    index: int
    text: str
    levels: dict[tuple[str, int], float]
    costs: dict[str, tuple[int, int]]

    @property
    def size(self) -> float:
        """FLOPs on CIFAR-10 in units of 100 million."""
        return self.costs["cifar10"][1] / 1e8


@dataclass(frozen=True, slots=True)
class Finals:
    """Accuracies in percent after the last epoch of one training: `train` and every split's."""

    train: float
    splits: dict[str, float]


def generator(seed: int, index: int) -> np.random.Generator:
    """Return the source of chance of one architecture."""
    return np.random.Generator(np.random.PCG64([seed, index]))


def final_accuracies(
    network: Network, dataset: str, epochs: int, chance: np.random.Generator
) -> Finals:
    """Invent the last accuracies of a training: the cell's level, and the chance of the run."""
    numbers = fitted("nasbench201").numbers
    low = CURVE_DATASETS[dataset][2]
    level = network.levels[dataset, epochs]
    # ImageNet16-120 was not fitted: its spreads are CIFAR-100's.
    alike = (
        "cifar10-valid" if dataset.startswith("cifar10-") or dataset == "cifar10" else "cifar100"
    )
    run, apart, luck = chance.normal(), chance.normal(), chance.random()
    learned = level > low + 1
    spread = np.interp(level / 100, *numbers["run_deviation"][alike]) * 100
    main = level + spread * run if learned else low
    if luck < numbers["failed_share"]:
        main, learned = low, False
    main = float(np.clip(main, low, 99.5))
    known = numbers["splits"][alike]
    offset, noise, train = (
        float(np.interp(main / 100, known["valid"], known[name])) * 100
        for name in ("offset", "noise", "train")
    )
    other = main + (offset + noise * apart) * learned
    if len(CURVE_SPLITS[dataset]) == 1:
        splits = {"ori-test": main}
    elif "x-test" in CURVE_SPLITS[dataset]:
        splits = {"x-valid": main, "x-test": other, "ori-test": (main + other) / 2}
    else:
        splits = {"x-valid": main, "ori-test": other}
    return Finals(min(train, 99.95) if learned else low, splits)


def accuracy_curve(
    chance: np.random.Generator,
    last: float,
    dataset: str,
    epochs: int,
    split: str,
) -> NDArray[np.float64]:
    """Invent accuracies in percent after each epoch, as whole numbers of images.

    Curves of 200 epochs have the fitted shape; no real curves of other lengths were at hand, so
    these rise exponentially.

    Returns
    -------
    array of float64
        Shape (epochs,).
    """
    _, train_images, low, _ = CURVE_DATASETS[dataset]
    images = CURVE_SPLITS[dataset].get(split, train_images)
    if epochs == 200:
        relative = _fitted_shape(chance, last, dataset, "train" if split == "train" else "valid")
    else:
        time = np.arange(1, epochs + 1) / epochs
        relative = (1 - np.exp(-4.5 * time)) / (1 - np.exp(-4.5))
        relative += chance.normal(0, 0.025, epochs) * (1 - time)
    curve = np.clip(low + (last - low) * relative, 0, 99.98)
    counted: NDArray[np.float64] = np.rint(curve * images / 100) / images * 100
    return counted


def _fitted_shape(
    chance: np.random.Generator, last: float, dataset: str, kind: str
) -> NDArray[np.float64]:
    """Draw a curve of 200 epochs from about 0 to 1."""
    lasts, means, of_cell, of_epoch = _shapes(kind)
    _, _, low, high = CURVE_DATASETS[dataset]
    # Groups are by accuracy on cifar10-valid; other data sets by their place between low and high.
    place = 0.1 + (last - low) / (high - low) * (_BEST - 0.1) if kind == "valid" else last / 100
    group = float(np.interp(place, lasts, np.arange(len(lasts))))
    below = min(int(group), len(lasts) - 2)
    mean = means[below] + (group - below) * (means[below + 1] - means[below])
    noise = chance.standard_normal(200) * of_epoch
    shape: NDArray[np.float64] = mean + of_cell * chance.standard_normal() + noise
    shape[-1] = 1
    return shape


@cache
def _shapes(kind: str) -> tuple[NDArray[np.float64], ...]:
    """Read the fitted shapes at every epoch: lasts, means of groups, spreads of cell and epoch."""
    shape = fitted("nasbench201").numbers["shape"]
    held, epochs = shape[kind], np.arange(1, 201)
    means = np.array([np.interp(epochs, shape["epochs"], mean) for mean in held["mean"]])
    of_cell, of_epoch = (np.interp(epochs, shape["epochs"], held[one]) for one in ("cell", "noise"))
    # The curves were means over 2.4 trials; noise is relative to an accuracy of 0.8 above chance.
    return np.array(held["last"]), means, of_cell, of_epoch * np.sqrt(2.4) / 0.8


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
    return base * (0.35 + 1.7 * network.size) * CURVE_DATASETS[dataset][1] / 25_000


def eval_seconds(per_epoch: float, dataset: str, images: int) -> float:
    """Invent the seconds of an evaluation from those of a training epoch."""
    return per_epoch / CURVE_DATASETS[dataset][1] * images / _TRAIN_SHARE_OF_EVAL


def latency(network: Network) -> float:
    """Invent the seconds of one batch of 256 images."""
    return 0.0071 + 0.018 * min(network.size / 2.2, 1.0)
