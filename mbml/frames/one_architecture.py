"""One architecture by its native key: its text, and all that was measured of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from mbml.store import Warehouse


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
