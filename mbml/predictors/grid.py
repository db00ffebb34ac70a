"""The grid of an evaluation: what is asked for, whether it can be done, and each fit of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mbml import splits
from mbml.datasets import meta_dataset
from mbml.errors import UsageError, unknown_name
from mbml.predictors.published_protocol import FEWEST_ROWS, PUBLISHED, published_predictor
from mbml.predictors.registry import PREDICTORS, Predictor, predictor
from mbml.store.results import FitKey

if TYPE_CHECKING:
    from collections.abc import Iterator

PRESETS = ("fixed", "published")


class Task(NamedTuple):
    """A fit to be made: the view and features it learns from, and what tells it from others."""

    problem: tuple[str, str]
    key: FitKey


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What to evaluate.

    Attributes
    ----------
    views, train_sizes, seeds, predictors
        Every combination is one fit.
    preset
        `published` tunes as the publication did; `fixed` takes the registry's settings.
    features
        A feature set; each predictor's own if not given.
    target
        The outcome to predict.
    split
        A split as `mbml.splits.draw` takes it.
    """

    views: tuple[str, ...]
    train_sizes: tuple[int, ...] = (172,)
    seeds: tuple[int, ...] = (0,)
    predictors: tuple[str, ...] = tuple(PREDICTORS)
    preset: str = "fixed"
    features: str | None = None
    target: str = "valid_accuracy"
    split: str = "published"

    def check(self) -> None:
        """Find out before anything is read whether the names are known and the sizes enough.

        Raises
        ------
        UsageError
            They are not.
        """
        known = predictors_of(self.preset)
        if not self.predictors:
            raise UsageError(f"no predictor is named; the preset has {', '.join(known)}")
        for name in self.predictors:
            predictor_of(self.preset, name)
        for view in self.views:
            meta_dataset(view)
        for seed in self.seeds:
            splits.check_seed(seed)
        for size in self.train_sizes:
            if self.preset == "published" and size < FEWEST_ROWS:
                raise UsageError(
                    f"--train-size {size} does not fit: the published search needs at least"
                    f" {FEWEST_ROWS} rows, two in each of its folds"
                )

    def tasks(self) -> Iterator[Task]:
        """Yield each fit once, in the order of views, sizes, predictors and seeds."""
        features = {
            name: self.features or predictor_of(self.preset, name).features
            for name in self.predictors
        }
        for view in dict.fromkeys(self.views):
            for size in dict.fromkeys(self.train_sizes):
                for name, learned_from in features.items():
                    for seed in dict.fromkeys(self.seeds):
                        yield Task((view, learned_from), FitKey(name, size, seed))


def predictors_of(preset: str) -> tuple[str, ...]:
    """Return the names that a preset has.

    Raises
    ------
    UsageError
        There is no such preset.
    """
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS)
    return tuple(PUBLISHED if preset == "published" else PREDICTORS)


def predictor_of(preset: str, name: str) -> Predictor:
    """Return a predictor as a preset makes it; raises `UsageError` if the preset has none such."""
    return published_predictor(name) if preset == "published" else predictor(name)
