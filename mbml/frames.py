"""From a view to a Polars frame, and on to X and y: the one place where data leaves SQL."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mbml.datasets import META_DATASETS, Role, role_of
from mbml.errors import UsageError, unknown_name

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

    def sha256(self) -> str:
        """Return the SHA-256 of keys, features, targets and outcomes: another one, other data."""
        digest = hashlib.sha256()
        for column in ("arch_key", *_OUTCOMES_KEPT):
            digest.update(self.rows[column].cast(str).fill_null("").str.join("\n")[0].encode())
        digest.update(np.ascontiguousarray(self.y).tobytes())
        for series in self.x:
            digest.update(series.name.encode() + b"\0" + series.to_numpy().tobytes())
        return digest.hexdigest()


def read_view(
    warehouse: Warehouse, dataset: MetaDataset, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """Read a view, or some of its columns, in the order that the published split draws from.

    Raises
    ------
    UsageError
        The view has no such column.
    """
    known = view_columns(warehouse, dataset.name)
    wanted = list(columns) if columns is not None else known
    for name in wanted:
        if name not in known:
            raise unknown_name(f"column of {dataset.name}", name, known)
    order = dataset.order_by
    read = wanted if order in wanted else [*wanted, order]
    frame = warehouse.frame(f"select {', '.join(read)} from {dataset.name}")  # noqa: S608
    # Loaded files are in this order already, and looking costs less than sorting.
    if not frame[order].is_sorted():
        frame = frame.sort(order)
    return frame.select(wanted)


def view_columns(warehouse: Warehouse, name: str) -> list[str]:
    """Return the columns of a view, in its order."""
    rows = warehouse.rows(
        "select column_name from duckdb_columns() where table_name = ? order by column_index",
        [name],
    )
    return [column for (column,) in rows]


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
    for name in features:
        if role_of(name) is not Role.FEATURE:
            raise UsageError(
                f"{name!r} cannot be a feature: it is {_why_no_feature(name)}; features are what is"
                " known before any training"
            )
    if role_of(target) is not Role.OUTCOME:
        raise UsageError(f"{target!r} cannot be a target: it is known without training")
    frame = read_view(
        warehouse, dataset, list(dict.fromkeys(["arch_id", *beside, *features, target]))
    )
    if dataset.target_view is not None and "valid_accuracy" in frame.columns:
        paired = warehouse.frame(
            f"select arch_id, valid_accuracy from {dataset.target_view}"  # noqa: S608
        )
        frame = frame.drop("valid_accuracy").join(
            paired, on="arch_id", how="left", maintain_order="left"
        )
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


def read_cells(warehouse: Warehouse, arch_ids: pl.Series) -> list[str]:
    """Return the texts of architectures as their search space reads them, in the order given."""
    cells = warehouse.frame(
        "select arch_id, coalesce(adjacency || ':' || operations, native_key) as cell"
        " from architecture"
    )
    return _in_order(arch_ids, cells)["cell"].to_list()


def read_cell_text(warehouse: Warehouse, benchmark: str, key: str) -> str | None:
    """Return the text of the architecture with a native key, None if it is not held."""
    held = warehouse.rows(
        "select coalesce(adjacency || ':' || operations, native_key) from architecture"
        " where benchmark::text = ? and native_key = ?",
        [benchmark, key],
    )
    return held[0][0] if held else None


def read_results(warehouse: Warehouse, benchmark: str, key: str) -> pl.DataFrame:
    """Read what was measured of one architecture after the last epoch of each training.

    Parameters
    ----------
    warehouse
        An open warehouse.
    benchmark, key
        Benchmark and native key: the module hash in NAS-Bench-101, else the text.

    Returns
    -------
    polars.DataFrame
        A row per data set and schedule; empty if nothing is held. Accuracies are fractions, means
        over the trials.
    """
    return warehouse.frame(
        "select dataset::text as dataset, schedule_epochs, epoch, trials, train_accuracy,"
        " valid_accuracy, test_accuracy, valid_test_accuracy, train_seconds"
        " from cell_metric inner join architecture using (arch_id)"
        " where benchmark::text = ? and native_key = ?"
        " qualify epoch = max(epoch) over (partition by dataset, schedule_epochs)"
        " order by all",
        [benchmark, key],
    )


def read_earlier(
    warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series, *, epoch: int, accuracy: str
) -> pl.DataFrame:
    """Read accuracy and seconds of training after an earlier epoch than the view's.

    NAS-Bench-101 recorded half time alone within a training; any other epoch is the end of a
    shorter training. Where a view had no validation set, validation is that of its paired view.

    Returns
    -------
    polars.DataFrame
        Columns `accuracy` and `train_seconds`, in the order of `arch_ids`; NULL where not held.
    """
    within = dataset.benchmark != "nasbench101" or 2 * epoch == dataset.epoch
    halfway = "halfway_" if within and dataset.benchmark == "nasbench101" else ""
    measured = dataset
    if dataset.target_view is not None and accuracy == "valid_accuracy":
        measured = META_DATASETS[dataset.target_view]
    held = warehouse.frame(
        f"select arch_id, {halfway}{accuracy} as {accuracy},"  # noqa: S608
        f" {halfway}train_seconds as train_seconds"
        " from cell_metric where dataset = ? and schedule_epochs = ? and epoch = ?",
        [
            measured.dataset,
            dataset.schedule_epochs if within else epoch,
            dataset.epoch if halfway else epoch,
        ],
    )
    return _in_order(arch_ids, held).drop("arch_id")


def read_trials(
    warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series, *, epoch: int, accuracy: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read an accuracy and seconds of training trial by trial; epochs are those of `read_earlier`.

    Returns
    -------
    tuple of numpy.ndarray
        Shape (architectures, most trials of one) each, an architecture's own trials first in the
        order of their numbers, NaN after them.
    """
    import numpy as np

    within = dataset.benchmark != "nasbench101" or epoch in {dataset.epoch, dataset.epoch // 2}
    measured = dataset
    if dataset.target_view is not None and accuracy == "valid_accuracy":
        measured = META_DATASETS[dataset.target_view]
    held = warehouse.frame(
        f"select arch_id, {accuracy} as accuracy, train_seconds,"  # noqa: S608
        " row_number() over (partition by arch_id order by trial) - 1 as place"
        " from run inner join epoch_metric using (run_id)"
        f" where dataset = ? and schedule_epochs = ? and epoch = ? and trial > 0"
        f" and {accuracy} is not null",
        [measured.dataset, dataset.schedule_epochs if within else epoch, epoch],
    )
    rows = arch_ids.to_frame("arch_id").with_row_index("row").join(held, on="arch_id")
    places = rows["row"].to_numpy(), rows["place"].to_numpy()
    shape = (len(arch_ids), int(places[1].max()) + 1 if rows.height else 1)
    accuracies, seconds = np.full(shape, np.nan), np.full(shape, np.nan)
    accuracies[places] = rows["accuracy"].to_numpy()
    seconds[places] = rows["train_seconds"].cast(float).fill_null(np.nan).to_numpy()
    return accuracies, seconds


def read_proxies(
    warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series, *, names: Sequence[str]
) -> pl.DataFrame:
    """Read zero-cost proxies, in the order of `arch_ids`; NULL where not held.

    Proxies see images, not the split: `cifar10-valid` has those of `cifar10`.
    """
    held = warehouse.frame(
        "select arch_id, name, value from proxy where dataset::text = ?",
        [dataset.dataset.removesuffix("-valid")],
    )
    wide = held.pivot(
        on="name", on_columns=names, index="arch_id", values="value", aggregate_function="first"
    )
    return _in_order(arch_ids, wide).select(names)


def read_other(warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series) -> pl.DataFrame:
    """Read validation accuracy and seconds of training of architectures in another view.

    Returns
    -------
    polars.DataFrame
        Columns `valid_accuracy` and `train_seconds`, in the order of `arch_ids`; NULL where the
        view has none.
    """
    held = warehouse.frame(
        f"select arch_id, valid_accuracy, train_seconds from {dataset.name}"  # noqa: S608
    )
    return _in_order(arch_ids, held).drop("arch_id")


def _in_order(arch_ids: pl.Series, held: pl.DataFrame) -> pl.DataFrame:
    return arch_ids.to_frame("arch_id").join(held, on="arch_id", how="left", maintain_order="left")


def _why_no_feature(name: str) -> str:
    if role_of(name) is Role.KEY:
        return "a key, which names the row"
    return "an outcome of the training that is to be predicted, so that it would leak"


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


def is_surrogate(warehouse: Warehouse, benchmark: str) -> bool:
    """Tell whether any source of a benchmark holds invented numbers."""
    rows = warehouse.rows(
        "select count(*) from source where benchmark = ? and is_surrogate", [benchmark]
    )
    return rows != [(0,)]
