"""What a regressor learns from: features and target of a view."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mbml.datasets import Role, role_of
from mbml.errors import UsageError
from mbml.frames.views import is_surrogate, read_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from mbml.datasets import MetaDataset
    from mbml.store import Warehouse

_OUTCOMES_KEPT = ("valid_accuracy", "test_accuracy")
_BESIDE = ("arch_id", "arch_key", "graph_id", "functional_id", *_OUTCOMES_KEPT)


@dataclass(frozen=True, kw_only=True)
class LearningProblem:
    """A meta-dataset ready for a regressor; rows in the order that the published split draws from.

    Attributes
    ----------
    dataset
        The entry of the view.
    target
        Name of the outcome to predict.
    x
        Features, one row per architecture.
    y
        Target values, fractions; shape ``(rows,)``.
    rows
        Keys (``arch_id, arch_key, graph_id, functional_id``) of the same architectures, and their
        ``valid_accuracy`` and ``test_accuracy``, for choosing and scoring only.
    left_out
        Rows of the view without a target, or without a feature.
    is_surrogate
        True if any source of the benchmark holds invented numbers.
    feature_epochs, feature_seconds
        Training that an architecture's features cost: epochs, and mean seconds where recorded.
    """

    dataset: MetaDataset
    target: str
    x: pl.DataFrame
    y: NDArray[np.float64]
    rows: pl.DataFrame
    left_out: int
    is_surrogate: bool
    feature_epochs: int = 0
    feature_seconds: float | None = 0.0

    @property
    def left_out_note(self) -> str:
        """What a person should know of rows that were left out; empty if none was."""
        if not self.left_out:
            return ""
        return (
            f"note: {self.left_out:,} rows of {self.dataset.name} have no {self.target} or lack a"
            f" feature and were left out; {len(self.y):,} remain"
        )

    def sha256(self) -> str:
        """Return the SHA-256 of keys, features, targets and outcomes: another one, other data."""
        digest = hashlib.sha256()
        for column in ("arch_key", *_OUTCOMES_KEPT):
            digest.update(self.rows[column].cast(str).fill_null("").str.join("\n")[0].encode())
        digest.update(np.ascontiguousarray(self.y).tobytes())
        for series in self.x:
            digest.update(series.name.encode() + b"\0" + series.to_numpy().tobytes())
        return digest.hexdigest()


def learning_problem(
    warehouse: Warehouse,
    dataset: MetaDataset,
    features: Sequence[str],
    *,
    target: str = "valid_accuracy",
    beside: Sequence[str] = _BESIDE,
) -> LearningProblem:
    """Read features and target of a view.

    Where the view's own training had no validation set (``cifar10``), the validation accuracy is
    that of the paired view, joined by architecture, as the benchmark's own interface does.

    Parameters
    ----------
    warehouse
        An open warehouse.
    dataset
        The view.
    features
        Columns of the view to learn from.
    target
        The outcome to predict.
    beside
        Columns of `rows`; the three texts take longer to read than all the rest.

    Raises
    ------
    UsageError
        An outcome is asked for as a feature, the target is no outcome, or no row has a target.
    """
    _forbid_leaks(features, target)
    frame = _read(warehouse, dataset, list(dict.fromkeys(["arch_id", *beside, *features, target])))
    needed = [target, *features]
    with_target = frame
    if any(frame[name].null_count() for name in needed):
        with_target = frame.drop_nulls(needed)
    if with_target.is_empty():
        raise UsageError(_why_no_rows(dataset, target, frame))
    return LearningProblem(
        dataset=dataset,
        target=target,
        x=with_target.select(features),
        y=with_target[target].to_numpy(),
        rows=with_target.select(beside),
        left_out=frame.height - with_target.height,
        is_surrogate=is_surrogate(warehouse, dataset.benchmark),
    )


def _forbid_leaks(features: Sequence[str], target: str) -> None:
    """Refuse what is no feature or no outcome."""
    for name in features:
        role = role_of(name)
        if role is not Role.FEATURE:
            what = (
                "a key, which names the row"
                if role is Role.KEY
                else "an outcome of the training that is to be predicted, so that it would leak"
            )
            raise UsageError(
                f"{name!r} cannot be a feature: it is {what}; features are what is"
                " known before any training"
            )
    if role_of(target) is not Role.OUTCOME:
        raise UsageError(f"{target!r} cannot be a target: it is known without training")


def _read(warehouse: Warehouse, dataset: MetaDataset, columns: Sequence[str]) -> pl.DataFrame:
    """Read columns of a view, with the validation accuracy of its paired view if it has one."""
    frame = read_view(warehouse, dataset, columns)
    if dataset.target_view is None or "valid_accuracy" not in columns:
        return frame
    paired = warehouse.frame(
        f"select arch_id, valid_accuracy from {dataset.target_view}"  # noqa: S608
    )
    return frame.drop("valid_accuracy").join(
        paired, on="arch_id", how="left", maintain_order="left"
    )


def _why_no_rows(dataset: MetaDataset, target: str, frame: pl.DataFrame) -> str:
    if frame.is_empty():
        return f"{dataset.name} has no rows; load a source of {dataset.benchmark} first"
    measured = [
        name
        for name in frame.columns
        if role_of(name) is Role.OUTCOME and frame[name].null_count() < frame.height
    ]
    if target in measured:
        absent = [name for name in frame.columns if frame[name].null_count() == frame.height]
        features = ", ".join(name for name in absent if role_of(name) is Role.FEATURE)
        what, hint = features or "all features", "choose other --features"
    else:
        what = target
        hint = f"try --target {measured[0]}" if measured else "load a source that has it"
    return f"{dataset.name}: none of its {frame.height} rows has {what}; {hint}"
