"""Of given architectures, in their order: their texts, and what was measured beside a view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mbml.datasets import validated
from mbml.result_types import sql_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse


def cell_texts(warehouse: Warehouse, arch_ids: pl.Series) -> pl.Series:
    """Return the texts of architectures as their search space reads them, in the order given."""
    cells = warehouse.frame(
        "select arch_id, coalesce(adjacency || ':' || operations, native_key) as cell"
        " from architecture"
    )
    return _in_order(arch_ids, cells)["cell"]


def vertices(warehouse: Warehouse, arch_ids: pl.Series) -> NDArray[np.int64]:
    """Return the vertices of architectures, input and output included, in the order given."""
    held = warehouse.frame("select arch_id, nodes::bigint as nodes from architecture")
    found: NDArray[np.int64] = _in_order(arch_ids, held)["nodes"].to_numpy()
    return found


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
    halfway = "halfway_" if _is_half_time(dataset, epoch) else ""
    held = warehouse.frame(
        f"select arch_id, {halfway}{accuracy} as {accuracy},"  # noqa: S608
        f" {halfway}train_seconds as train_seconds"
        " from cell_metric where dataset = ? and schedule_epochs = ? and epoch = ?",
        [
            _measured_on(dataset, accuracy),
            _schedule_to(dataset, epoch),
            dataset.epoch if halfway else epoch,
        ],
    )
    return _in_order(arch_ids, held).drop("arch_id")


def trial_accuracies(
    warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series, *, epoch: int, accuracy: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read an accuracy and seconds of training trial by trial; epochs are those of `read_earlier`.

    Returns
    -------
    tuple of numpy.ndarray
        Shape (architectures, most trials of one) each, an architecture's own trials first in the
        order of their numbers, NaN after them.
    """
    held = warehouse.frame(
        f"select arch_id, {accuracy} as accuracy, train_seconds,"  # noqa: S608
        " row_number() over (partition by arch_id order by trial) - 1 as place"
        " from run inner join epoch_metric using (run_id)"
        f" where dataset = ? and schedule_epochs = ? and epoch = ? and trial > 0"
        f" and {accuracy} is not null",
        [_measured_on(dataset, accuracy), _schedule_to(dataset, epoch), epoch],
    )
    rows = arch_ids.to_frame("arch_id").with_row_index("row").join(held, on="arch_id")
    places = rows["row"].to_numpy(), rows["place"].to_numpy()
    shape = (len(arch_ids), int(places[1].max()) + 1 if rows.height else 1)
    accuracies, seconds = np.full(shape, np.nan), np.full(shape, np.nan)
    accuracies[places] = rows["accuracy"].to_numpy()
    seconds[places] = rows["train_seconds"].cast(float).fill_null(np.nan).to_numpy()
    return accuracies, seconds


def proxy_datasets(warehouse: Warehouse, benchmark: str) -> list[str]:
    """Return the data sets on which a benchmark's cells have zero-cost proxies."""
    rows = warehouse.rows(
        "select distinct proxy.dataset from proxy inner join architecture using (arch_id)"
        " where architecture.benchmark = ? order by 1",
        [benchmark],
    )
    return [name for (name,) in rows]


def held_proxies(warehouse: Warehouse, dataset: MetaDataset) -> dict[str, int]:
    """Count the cells of a view that each zero-cost proxy is held for, by its name, in order."""
    rows = warehouse.rows(
        "select name, count(value) from proxy"  # noqa: S608
        f" semi join {sql_name(dataset.name)} using (arch_id)"
        " where proxy.dataset = ? group by name having count(value) > 0 order by name",
        [dataset.images],
    )
    return dict(rows)


def proxy_values(
    warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series, *, names: Sequence[str]
) -> pl.DataFrame:
    """Read zero-cost proxies, in the order of `arch_ids`; NULL where not held."""
    import polars as pl

    held = warehouse.frame(
        "select arch_id, name, value from proxy where dataset = ? and name in (select unnest(?))",
        [dataset.images, list(names)],
    )
    wide = held.group_by("arch_id").agg(
        pl.col("value").filter(pl.col("name") == name).first().alias(name) for name in names
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


def _is_half_time(dataset: MetaDataset, epoch: int) -> bool:
    return dataset.benchmark == "nasbench101" and 2 * epoch == dataset.epoch


def _schedule_to(dataset: MetaDataset, epoch: int) -> int:
    """Return the schedule in which an epoch up to the view's own was recorded."""
    shorter = dataset.benchmark == "nasbench101" and not _is_half_time(dataset, epoch)
    return epoch if shorter else dataset.schedule_epochs


def _measured_on(dataset: MetaDataset, accuracy: str) -> str:
    """Return the data set that holds an accuracy of a view, or of its paired view."""
    return (validated(dataset) if accuracy == "valid_accuracy" else dataset).dataset


def _in_order(arch_ids: pl.Series, held: pl.DataFrame) -> pl.DataFrame:
    return arch_ids.to_frame("arch_id").join(held, on="arch_id", how="left", maintain_order="left")
