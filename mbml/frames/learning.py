"""What a regressor learns from: features and target of a view."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mbml.datasets import Role, device_of, may_be_feature, role_of
from mbml.errors import UsageError
from mbml.frames.views import find_dataset, is_surrogate, read_view, view_columns
from mbml.store import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath

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
        Name of the column to predict: an outcome, or a size that is known without training.
    x
        Features, one row per architecture.
    y
        Target values, shape ``(rows,)``: fractions, or in the column's unit.
    rows
        Keys (``arch_id, arch_key, graph_id, functional_id``) of the same architectures, and their
        ``valid_accuracy`` and ``test_accuracy``, for choosing and scoring only.
    left_out
        Rows of the view without a target, or without a feature.
    is_surrogate
        True if any source of the benchmark holds invented numbers.
    feature_epochs, feature_seconds
        Training that an architecture's features cost: epochs, and mean seconds where recorded.
    feature_note
        What a person should know of the features; empty if nothing.
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
    feature_note: str = ""

    @property
    def target_view(self) -> str:
        """The view that the target comes from."""
        return self.dataset.view_of(self.target)

    @property
    def smaller_is_better(self) -> bool:
        """Whether the target is a size, such as a latency: no outcome, and good where small."""
        return role_of(self.target, self.dataset) is Role.FEATURE

    @property
    def left_out_note(self) -> str:
        """What a person should know of rows that were left out; empty if none was."""
        if not self.left_out:
            return ""
        return (
            f"note: {self.left_out:,} rows of {self.dataset.name} have no {self.target} or lack a"
            f" feature and were left out; {len(self.y):,} remain"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the features, and of rows that were left out."""
        return tuple(note for note in (self.feature_note, self.left_out_note) if note)

    def sha256(self) -> str:
        """Return the SHA-256 of keys, features, targets and outcomes: another one, other data."""
        digest = hashlib.sha256()
        for column in ("arch_key", *_OUTCOMES_KEPT):
            digest.update(self.rows[column].cast(str).fill_null("").str.join("\n")[0].encode())
        digest.update(np.ascontiguousarray(self.y).tobytes())
        for series in self.x:
            digest.update(series.name.encode() + b"\0" + series.to_numpy().tobytes())
        return digest.hexdigest()


def stored_problem(
    warehouse: WarehouseOrPath,
    dataset: str | MetaDataset,
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
        An open warehouse, or the path of one.
    dataset
        The meta-dataset: its name, or its entry.
    features
        Columns of the view to learn from.
    target
        The outcome to predict, or a size that is known without training, such as a latency.
    beside
        Columns of `rows`; the three texts take longer to read than all the rest.

    Raises
    ------
    UsageError
        An outcome is asked for as a feature, the target names the row, is among the features or was
        measured together with one, or no row has a target.
    """
    with opened(warehouse) as held:
        dataset = find_dataset(held, dataset)
        _forbid_leaks(dataset, features, target)
        check_apart(features, target)
        frame = _read(held, dataset, list(dict.fromkeys(["arch_id", *beside, *features, target])))
        invented = is_surrogate(held, dataset.benchmark)
    needed = [target, *features]
    with_target = frame
    if any(frame[name].null_count() for name in needed):
        with_target = frame.drop_nulls(needed)
    if with_target.is_empty():
        raise UsageError(_why_no_rows(dataset, target, frame))
    if dataset.is_own:
        with_target = _as_numbers(dataset, with_target, needed)
    return LearningProblem(
        dataset=dataset,
        target=target,
        x=with_target.select(features),
        y=with_target[target].to_numpy(),
        rows=with_target.select(beside),
        left_out=frame.height - with_target.height,
        is_surrogate=invented,
    )


def _forbid_leaks(dataset: MetaDataset, features: Sequence[str], target: str) -> None:
    """Refuse what is no feature, and a target that names the row."""
    for name in features:
        if not may_be_feature(name, dataset):
            what = (
                "a key, which names the row"
                if role_of(name, dataset) is Role.KEY
                else "an outcome of the training that is to be predicted, so that it would leak"
            )
            raise UsageError(
                f"{name!r} cannot be a feature: it is {what}; features are what is"
                " known before any training"
            )
    if role_of(target, dataset) is Role.KEY:
        raise UsageError(f"{target!r} cannot be a target: it is a key, which names the row")


def check_apart(features: Sequence[str], target: str) -> None:
    """Check that a size is predicted from neither itself nor what its device measured with it.

    Raises
    ------
    UsageError
        It is among the features, or one of them is another measurement on the same device.
    """
    for name in features:
        if name == target:
            raise UsageError(
                f"{name!r} cannot be a feature: it is the target; choose other features"
            )
        if device_of(name) and device_of(name) == device_of(target):
            raise UsageError(
                f"{name!r} cannot be a feature of {target}: the same device measures both at once"
            )


def _read(warehouse: Warehouse, dataset: MetaDataset, columns: Sequence[str]) -> pl.DataFrame:
    """Read columns of a view, with the validation accuracy of its paired view if it has one."""
    held = view_columns(warehouse, dataset.name)
    # A view of devices alone has no accuracies.
    lacking = [] if dataset.is_own else [one for one in _OUTCOMES_KEPT if one not in held]
    frame = read_view(warehouse, dataset, [one for one in columns if one not in lacking])
    frame = frame.with_columns(pl.lit(None, pl.Float64).alias(one) for one in lacking)
    source = dataset.view_of("valid_accuracy")
    if source == dataset.name or "valid_accuracy" not in columns:
        return frame
    paired = warehouse.frame(f"select arch_id, valid_accuracy from {source}")  # noqa: S608
    return frame.drop("valid_accuracy").join(
        paired, on="arch_id", how="left", maintain_order="left"
    )


def _as_numbers(dataset: MetaDataset, frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return the columns of a user's view that are learned from as finite numbers."""
    target = names[0]
    for name in dict.fromkeys(names):
        if not (frame[name].dtype.is_numeric() or frame[name].dtype == pl.Boolean):
            raise UsageError(f"{dataset.name}: {name} holds {frame[name].dtype}, not numbers")
        frame = frame.with_columns(pl.col(name).cast(pl.Float64))
        wrong = frame.filter(~pl.col(name).is_finite())
        if wrong.height:
            row = wrong.row(0, named=True)
            raise UsageError(
                f"{dataset.name}: {name} is {row[name]} for arch_id {row['arch_id']}; expected"
                " finite numbers"
            )
        if name != target and frame[name].equals(frame[target].rename(name)):
            raise UsageError(f"{name!r} cannot be a feature: its values are those of {target}")
    return frame


def _why_no_rows(dataset: MetaDataset, target: str, frame: pl.DataFrame) -> str:
    if frame.is_empty():
        return f"{dataset.name} has no rows; load a source of {dataset.benchmark} first"
    measured = [
        name
        for name in frame.columns
        if role_of(name, dataset) is Role.OUTCOME and frame[name].null_count() < frame.height
    ]
    if frame[target].null_count() < frame.height:
        absent = [name for name in frame.columns if frame[name].null_count() == frame.height]
        features = ", ".join(name for name in absent if role_of(name, dataset) is Role.FEATURE)
        what, hint = features or "all features", "choose other `features`"
    else:
        what = target
        hint = f"try `target={measured[0]}`" if measured else "load a source that has it"
        if not dataset.epoch and not measured:
            hint = "name a column with values as `target`"
    return f"{dataset.name}: none of its {frame.height} rows has {what}; {hint}"
