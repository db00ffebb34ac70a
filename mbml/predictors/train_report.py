"""What a training leaves: the fitted predictor, and how it does on the held-out architectures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mbml.frames import LearningProblem
    from mbml.metrics import TopK
    from mbml.splits import Split


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """How the intervals of the held-out rows do.

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
    """One trained predictor and how it does on the held-out architectures.

    Attributes
    ----------
    problem
        What it was trained on.
    tested
        What it was tested on: the same, or another view.
    predictor, features, train_size, seed, split
        How. The split's held-out rows are rows of `tested`.
    regressor
        The fitted scikit-learn pipeline, from a frame of features to accuracies as fractions.
    predicted
        Predicted accuracies of the held-out rows, fractions.
    scores
        Held-out scores by name (`mbml.metrics.METRICS`), of accuracies as fractions.
    intervals
        Scores of the intervals, if they were asked for.
    top
        The top-k table over the held-out rows.
    fit_seconds, predict_seconds
        Time of fitting, and of predicting all held-out rows.
    """

    problem: LearningProblem
    tested: LearningProblem
    predictor: str
    features: str
    train_size: int
    seed: int
    split: Split
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

    def flat_scores(self) -> dict[str, float | None]:
        """Return the held-out scores and the top-k table, each number by a name."""
        flat: dict[str, float | None] = dict(self.all_scores)
        for row in self.top:
            flat[f"top{row.k}_best_valid_accuracy"] = row.best_valid_accuracy
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
            "target_view": self.problem.dataset.target_view or self.problem.dataset.name,
            "test_view": self.tested.dataset.name,
            "surrogate": self.problem.is_surrogate,
            "held_out": len(self.split.held_out),
            "left_out": self.problem.left_out,
            **self.flat_scores(),
            "fit_seconds": self.fit_seconds,
            "predict_seconds": self.predict_seconds,
        }
