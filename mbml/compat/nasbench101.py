"""NAS-Bench-101's own interface: `from mbml.compat import nasbench101 as api`.

Names, defaults and units are those of https://github.com/google-research/nasbench: fractions,
seconds, one of the repeats for each query.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.compat.opening import QueryError, open_held
from mbml.errors import CellError, UsageError
from mbml.spaces import nasbench101

if TYPE_CHECKING:
    from collections.abc import KeysView, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from mbml.store import Warehouse

    FixedStats = dict[str, Any]
    ComputedStats = dict[int, list[dict[str, float | None]]]

_MOMENTS = {"halfway": 0.5, "final": 1.0}
#: Name of a measurement in the original, and its column.
_METRICS = {
    "training_time": "train_seconds",
    "train_accuracy": "train_accuracy",
    "validation_accuracy": "valid_accuracy",
    "test_accuracy": "test_accuracy",
}


class OutOfDomainError(UsageError):
    """A cell or a number of epochs outside the search space."""


class ModelSpec:
    """A cell given by adjacency matrix and operations, pruned like the original's.

    Attributes
    ----------
    original_matrix, original_ops
        As given.
    matrix, ops
        Without the vertices that are on no path from input to output; None if there is no path.
    valid_spec
        Whether there is such a path.

    Raises
    ------
    ValueError
        The matrix is not square, not upper-triangular, or of another size than the operations.
    """

    def __init__(
        self, matrix: ArrayLike, ops: Sequence[str], data_format: str = "channels_last"
    ) -> None:
        given = np.array(matrix)
        if given.ndim != 2 or given.shape[0] != given.shape[1]:
            raise QueryError(f"matrix must be square, not of shape {given.shape}")
        if len(given) != len(ops):
            raise QueryError(f"length of ops, {len(ops)}, must match the {len(given)} vertices")
        if np.tril(given).any():
            raise QueryError("matrix must be upper triangular")
        self.original_matrix = given
        self.original_ops = list(ops)
        self.data_format = data_format
        live = _live_vertices(given != 0)
        self.valid_spec = len(live) >= 2
        self.matrix: NDArray[Any] | None = None
        self.ops: list[str] | None = None
        if self.valid_spec:
            self.matrix = given[np.ix_(live, live)]
            self.ops = [self.original_ops[vertex] for vertex in live]

    def hash_spec(self, canonical_ops: Sequence[str] = nasbench101.OPERATIONS) -> str:
        """Return the module hash, which isomorphic cells share; the order of ops is fixed."""
        if set(canonical_ops) != set(nasbench101.OPERATIONS):
            raise QueryError(f"operations must be {', '.join(nasbench101.OPERATIONS)}")
        return self.cell().graph_id

    def cell(self) -> nasbench101.Cell:
        """Return the pruned cell; raises `OutOfDomainError` if it is outside the space."""
        if self.matrix is None or self.ops is None:
            raise OutOfDomainError("invalid spec, provided graph is disconnected")
        whole = self.matrix.astype(np.int64)
        if not np.array_equal(whole, self.matrix):
            raise OutOfDomainError("adjacency matrix holds fractions; only 0 and 1 are allowed")
        try:
            return nasbench101.from_matrix(whole.tolist(), self.ops)
        except CellError as error:
            raise OutOfDomainError(str(error)) from None


def _live_vertices(linked: NDArray[np.bool_]) -> list[int]:
    """Vertices on a path from the first to the last; the matrix may be of any size."""
    size = len(linked)
    from_input, to_output = {0}, {size - 1}
    for vertex in range(size):
        if vertex in from_input:
            from_input.update(np.flatnonzero(linked[vertex]).tolist())
    for vertex in range(size - 1, -1, -1):
        if vertex in to_output:
            to_output.update(np.flatnonzero(linked[:, vertex]).tolist())
    return sorted(from_input & to_output)


class NASBench:
    """NAS-Bench-101 in a warehouse.

    Parameters
    ----------
    dataset_file
        Path of a warehouse, or an open one.
    seed
        Seed of the draws among repeats. With the same seed and the same queries in the same order,
        the original draws the same repeats; None is seed 0, where the original takes the clock.

    Attributes
    ----------
    valid_epochs
        Lengths of training that are held.
    training_time_spent, total_epochs_spent
        Budget counters: seconds (NaN once a time was not recorded) and epochs.

    Raises
    ------
    UsageError
        The path is an original file, or nothing of the benchmark is held.
    WarehouseError
        The file is missing, locked, or no warehouse.
    """

    def __init__(
        self, dataset_file: str | Path | Warehouse | None, seed: int | None = None
    ) -> None:
        self._warehouse = open_held(dataset_file, nasbench101.NAME)
        self._random = random.Random(0 if seed is None else seed)  # noqa: S311
        self.config = {
            "module_vertices": nasbench101.MAX_NODES,
            "max_edges": nasbench101.MAX_EDGES,
            "num_repeats": 3,
            "available_ops": list(nasbench101.OPERATIONS),
        }
        self._arch_ids: dict[str, int] = dict(
            self._warehouse.rows(
                "select native_key, arch_id from architecture where benchmark::text = ?"
                " order by arch_id",
                [nasbench101.NAME],
            )
        )
        self.valid_epochs: set[int] = {
            epochs
            for (epochs,) in self._warehouse.rows(
                "select distinct schedule_epochs from run inner join architecture using (arch_id)"
                " where benchmark::text = ?",
                [nasbench101.NAME],
            )
        }
        self.reset_budget_counters()

    def query(
        self, model_spec: ModelSpec, epochs: int = 108, stop_halfway: bool = False
    ) -> dict[str, Any]:
        """Return one of the repeats of a training, and charge it to the budget.

        Returns
        -------
        dict
            `module_adjacency`, `module_operations`, `trainable_parameters`, `training_time`
            (seconds) and `train_accuracy`, `validation_accuracy`, `test_accuracy` (fractions);
            None where it was not recorded.

        Raises
        ------
        OutOfDomainError
            No training of this length is held, or the cell is outside the space.
        QueryError
            The warehouse does not hold the cell, or not this training of it.
        """
        if epochs not in self.valid_epochs:
            raise OutOfDomainError(
                f"invalid number of epochs, must be one of {sorted(self.valid_epochs)}"
            )
        fixed, computed = self.get_metrics_from_spec(model_spec)
        if epochs not in computed:
            raise QueryError(f"no training of {epochs} epochs of this cell is held")
        repeats = computed[epochs]
        drawn = repeats[self._random.randint(0, len(repeats) - 1)]
        moment = "halfway" if stop_halfway else "final"
        data = fixed | {name: drawn[f"{moment}_{name}"] for name in _METRICS}
        seconds = data["training_time"]
        self.training_time_spent += float("nan") if seconds is None else seconds
        self.total_epochs_spent += epochs // 2 if stop_halfway else epochs
        return data

    def is_valid(self, model_spec: ModelSpec) -> bool:
        """Tell whether a cell is within the space; costs no budget."""
        try:
            model_spec.cell()
        except OutOfDomainError:
            return False
        return True

    def get_budget_counters(self) -> tuple[float, int]:
        """Return the seconds and epochs spent."""
        return self.training_time_spent, self.total_epochs_spent

    def reset_budget_counters(self) -> None:
        """Set the counters to zero."""
        self.training_time_spent = 0.0
        self.total_epochs_spent = 0

    def hash_iterator(self) -> KeysView[str]:
        """Return the module hashes of all cells held."""
        return self._arch_ids.keys()

    def get_metrics_from_spec(self, model_spec: ModelSpec) -> tuple[FixedStats, ComputedStats]:
        """Return all that is held of a cell; see `get_metrics_from_hash`."""
        return self.get_metrics_from_hash(model_spec.cell().graph_id)

    def get_metrics_from_hash(self, module_hash: str) -> tuple[FixedStats, ComputedStats]:
        """Return all that is held of a cell; costs no budget.

        Returns
        -------
        tuple
            The fixed statistics, and the computed ones: by epochs a list of repeats with
            `halfway_` and `final_` `training_time` and accuracies.

        Raises
        ------
        QueryError
            The warehouse does not hold the cell.
        """
        if module_hash not in self._arch_ids:
            raise QueryError(f"{module_hash}: no such cell in {self._warehouse.path}")
        arch_id = self._arch_ids[module_hash]
        [(bits, operations)] = self._warehouse.rows(
            "select adjacency, operations from architecture where arch_id = ?", [arch_id]
        )
        runs = self._warehouse.rows(
            "select run_id, schedule_epochs, parameters from run where arch_id = ?"
            " order by schedule_epochs, trial",
            [arch_id],
        )
        names = operations.split(",")
        adjacency = np.array([int(bit) for bit in bits], dtype=np.int8)
        fixed = {
            "module_adjacency": adjacency.reshape(len(names), len(names)),
            "module_operations": names,
            "trainable_parameters": runs[0][2] if runs else None,
        }
        epochs = self._read_epochs([run_id for run_id, _, _ in runs])
        computed: ComputedStats = {}
        for run_id, schedule, _ in runs:
            computed.setdefault(schedule, []).append(
                {
                    f"{moment}_{name}": value
                    for moment, share in _MOMENTS.items()
                    for name, value in zip(
                        _METRICS,
                        epochs.get((run_id, schedule * share), (None,) * len(_METRICS)),
                        strict=True,
                    )
                }
            )
        return fixed, computed

    def _read_epochs(self, run_ids: list[int]) -> dict[tuple[int, float], tuple[Any, ...]]:
        if not run_ids:
            return {}
        # The bounds let DuckDB skip all blocks but those of the cell.
        rows = self._warehouse.rows(
            f"select run_id, epoch, {', '.join(_METRICS.values())} from epoch_metric"  # noqa: S608
            " where run_id between ? and ? and list_contains(?, run_id)",
            [min(run_ids), max(run_ids), run_ids],
        )
        return {(run_id, epoch): tuple(values) for run_id, epoch, *values in rows}
