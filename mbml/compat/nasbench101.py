"""NAS-Bench-101's own interface: `from mbml.compat import nasbench101 as api`.

Names, defaults and units are those of https://github.com/google-research/nasbench: fractions,
seconds, one of the repeats for each query.
"""

from __future__ import annotations

import copy
import random
import threading
from typing import TYPE_CHECKING, Any, NoReturn

from mbml.compat import graph_util, model_spec
from mbml.compat.draws import draws
from mbml.compat.model_spec import ModelSpec, OutOfDomainError
from mbml.compat.opening import QueryError, open_held, reopened
from mbml.compat.records import METRICS, MOMENTS, Cell, Records, named
from mbml.spaces import nasbench101

if TYPE_CHECKING:
    from collections.abc import Iterator, KeysView
    from pathlib import Path

    from mbml.store import Warehouse

    FixedStats = dict[str, Any]
    ComputedStats = dict[int, list[dict[str, float | None]]]

from collections.abc import Callable, Mapping

__all__ = ["ModelSpec", "NASBench", "OutOfDomainError", "graph_util", "model_spec"]


class _ByHash(Mapping[str, Any]):
    """What is read of a cell when it is asked for by its hash."""

    def __init__(self, hashes: KeysView[str], read: Callable[[str], Any]) -> None:
        self._hashes = hashes
        self._read = read

    def __getitem__(self, module_hash: str) -> Any:
        return self._read(module_hash)

    def __contains__(self, module_hash: object) -> bool:
        return module_hash in self._hashes

    def __iter__(self) -> Iterator[str]:
        return iter(self._hashes)

    def __len__(self) -> int:
        return len(self._hashes)


class NASBench:
    """NAS-Bench-101 in a warehouse.

    Parameters
    ----------
    dataset_file
        Path of a warehouse, or an open one.
    seed
        Seed of the draws among repeats. With the same seed and the same queries in the same order,
        the original draws the same repeats; None draws from Python's global generator.

    Attributes
    ----------
    valid_epochs
        Lengths of training that are held.
    training_time_spent, total_epochs_spent
        Budget counters: seconds and epochs.

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
        self._draws = draws(seed)
        self._budget = threading.Lock()
        self.config: dict[str, Any] = {
            "module_vertices": nasbench101.MAX_NODES,
            "max_edges": nasbench101.MAX_EDGES,
            "num_repeats": 3,
            "available_ops": list(nasbench101.OPERATIONS),
        }
        self._records = Records(self._warehouse)
        hashes = self._records.hashes()
        self.fixed_statistics: Mapping[str, FixedStats] = _ByHash(
            hashes, lambda module_hash: _fixed(self._records.cell(module_hash))
        )
        self.computed_statistics: Mapping[str, ComputedStats] = _ByHash(
            hashes, lambda module_hash: _computed(self._records.cell(module_hash))
        )
        self.history: dict[Any, Any] = {}
        self.valid_epochs: set[int] = {
            epochs
            for (epochs,) in self._warehouse.rows(
                "select distinct schedule_epochs from run inner join architecture using (arch_id)"
                " where benchmark = ?",
                [nasbench101.NAME],
            )
        }
        self.reset_budget_counters()

    def _state(self) -> dict[str, Any]:
        seconds, epochs = self.get_budget_counters()
        drawn = {} if self._draws is random else {"_draws": self._draws}
        return {
            "training_time_spent": seconds,
            "total_epochs_spent": epochs,
            "history": self.history,
            **drawn,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process, where the warehouse is opened again."""
        return reopened, (type(self), self._warehouse.path.absolute(), {}, self._state())

    def __deepcopy__(self, memo: dict[int, Any]) -> NASBench:
        """Return an object with counters and draws of its own, on the same open warehouse."""
        state = copy.deepcopy(self._state(), memo)
        copied: NASBench = reopened(type(self), self._warehouse, {}, state)
        return copied

    def query(
        self, model_spec: ModelSpec, epochs: int = 108, stop_halfway: bool = False
    ) -> dict[str, Any]:
        """Return one of the repeats of a training, and charge it to the budget.

        Returns
        -------
        dict
            `module_adjacency`, `module_operations`, `trainable_parameters`, `training_time`
            (seconds) and `train_accuracy`, `validation_accuracy`, `test_accuracy` (fractions);
            None where the parameters, training or test accuracy were not recorded.

        Raises
        ------
        OutOfDomainError
            No training of this length is held, or the cell is outside the space.
        QueryError
            The warehouse does not hold the cell, this training of it, its time, or its validation
            accuracy; nothing is charged.
        """
        if epochs not in self.valid_epochs:
            raise OutOfDomainError(
                f"invalid number of epochs, must be one of {sorted(self.valid_epochs)}"
            )
        cell = self._records.cell(model_spec.cell().graph_id)
        if epochs not in cell.repeats:
            raise QueryError(f"no training of {epochs} epochs of this cell is held")
        repeats = cell.repeats[epochs]
        drawn = named(repeats[self._draws.randint(0, len(repeats) - 1)])
        moment = MOMENTS[0] if stop_halfway else MOMENTS[1]
        data = _fixed(cell) | {name: drawn[f"{moment}_{name}"] for name in METRICS}
        for needed in ("training_time", "validation_accuracy"):
            if data[needed] is None:
                raise QueryError(
                    f"{model_spec.cell().graph_id}, {epochs} epochs: no {moment}_{needed} is held;"
                    " load the benchmark's own file (mbml ingest nasbench101), or call"
                    " get_metrics_from_spec, which gives all that is held"
                )
        with self._budget:
            self.training_time_spent += data["training_time"]
            self.total_epochs_spent += epochs // 2 if stop_halfway else epochs
        return data

    def is_valid(self, model_spec: ModelSpec) -> bool:
        """Tell whether a cell is within the space; costs no budget."""
        try:
            self._check_spec(model_spec)
        except OutOfDomainError:
            return False
        return True

    def _check_spec(self, model_spec: ModelSpec) -> None:
        model_spec.cell()

    def _hash_spec(self, model_spec: ModelSpec) -> str:
        return model_spec.hash_spec(self.config["available_ops"])

    def evaluate(self, model_spec: ModelSpec, model_dir: str | Path) -> NoReturn:
        """Refuse: mbml trains no networks."""
        del model_spec, model_dir
        raise QueryError(
            "mbml trains no networks; query gives a training that is held, and"
            " `mbml predict` predicts others"
        )

    def get_budget_counters(self) -> tuple[float, int]:
        """Return the seconds and epochs spent."""
        with self._budget:
            return self.training_time_spent, self.total_epochs_spent

    def reset_budget_counters(self) -> None:
        """Set the counters to zero."""
        with self._budget:
            self.training_time_spent = 0.0
            self.total_epochs_spent = 0

    def hash_iterator(self) -> KeysView[str]:
        """Return the module hashes of all cells held."""
        return self._records.hashes()

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
        cell = self._records.cell(module_hash)
        return _fixed(cell), _computed(cell)


def _fixed(cell: Cell) -> FixedStats:
    return {
        "module_adjacency": cell.adjacency(),
        "module_operations": cell.operations.split(","),
        "trainable_parameters": cell.parameters,
    }


def _computed(cell: Cell) -> ComputedStats:
    return {epochs: [named(one) for one in repeats] for epochs, repeats in cell.repeats.items()}
