"""What every release of NAS-Bench-201 and NATS-Bench shares: one stream of batches, checked whole.

Batches come numbered from 0 each; here they are numbered on, an index met twice is refused, and
indexes and architecture strings are held against the release's own list where it has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow.compute as pc

from mbml.errors import SourceError
from mbml.sources.nasbench201.tables import Identity, renumbered
from mbml.spaces import nasbench201, natsbench_sss

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mbml.sources.batch import Batch

_TOP_KEYS: Final = frozenset({"meta_archs", "total_archs", "arch2infos", "evaluated_indexes"})


def identify_topology(text: str) -> Identity:
    """Parse an architecture string of the topology space.

    Raises
    ------
    CellError
        If it is none.
    """
    cell = nasbench201.parse(text)
    return _identity(",".join(cell.operations), cell)


def identify_size(text: str) -> Identity:
    """Parse an architecture string of the size space.

    Raises
    ------
    CellError
        If it is none.
    """
    return _identity(None, natsbench_sss.parse(text))


def _identity(operations: str | None, cell: nasbench201.Cell | natsbench_sss.Cell) -> Identity:
    """Describe a cell as it is written: both spaces write four nodes and all six edges."""
    edges = len(nasbench201.EDGES)
    return Identity(operations, nasbench201.NODES, edges, cell.graph_id, cell.functional_id)


IDENTIFY: Final[dict[str, Callable[[str], Identity]]] = {
    "nasbench201": identify_topology,
    "natsbench_sss": identify_size,
}


class ResultStream:
    """Follows the batches of one source.

    Parameters
    ----------
    path
        The source, for errors.
    names
        Architecture strings by index; None if the source does not say (yet).
    """

    def __init__(self, path: Path, names: list[str] | None = None) -> None:
        self.path = path
        self.names = names
        self.found: dict[int, str] = {}
        self.long_runs = 0
        self.long_runs_with_times = 0
        self._runs = 0

    def follow(self, batch: Batch, bytes_done: int) -> Batch:
        """Check a batch's indexes and number it on.

        Raises
        ------
        SourceError
            If an index comes twice, or its architecture is not the one of the release's list.
        """
        first = len(self.found)
        table = batch.architectures
        keys = zip(
            table.column("native_index").to_pylist(),
            table.column("native_key").to_pylist(),
            strict=True,
        )
        for index, text in keys:
            if index in self.found:
                raise SourceError(self.path, f"architecture {index}", "it comes twice")
            self._check_name(index, text)
            self.found[index] = text
        long = pc.equal(batch.runs.column("schedule_epochs"), 200)
        times = batch.runs.column("seconds_are_measured").is_valid()
        self.long_runs += pc.sum(long).as_py() or 0
        self.long_runs_with_times += pc.sum(pc.and_(long, times)).as_py() or 0
        run = self._runs
        self._runs += batch.runs.num_rows
        return renumbered(batch, first, run, bytes_done)

    def _check_name(self, index: int, text: str) -> None:
        if self.names is None:
            return
        if index >= len(self.names):
            raise SourceError(
                self.path, f"architecture {index}", f"meta_archs has only {len(self.names)}"
            )
        if self.names[index] != text:
            raise SourceError(
                self.path,
                f"architecture {index}",
                f"it is {text!a}, where meta_archs has {self.names[index]!a}",
            )

    def finish(self, top: object) -> None:
        """Check the dictionary that held the records, once all were handed over.

        Raises
        ------
        SourceError
            If it is not as the benchmark writes it, or lists other records than were found.
        """
        self.names = check_top(self.path, top)
        for index, text in self.found.items():
            self._check_name(index, text)
        listed = top["evaluated_indexes"] if isinstance(top, dict) else None
        if (
            not isinstance(listed, list | set)
            or any(type(one) is not int for one in listed)
            or sorted(listed) != sorted(self.found)
        ):
            raise SourceError(
                self.path,
                "evaluated_indexes",
                f"it does not list the {len(self.found)} architectures that the file holds",
            )
        if not self.found:
            raise SourceError(self.path, "arch2infos", "it holds no architecture")


def check_top(path: Path, top: object) -> list[str]:
    """Check the dictionary at the top of a release, and return its architecture strings.

    Raises
    ------
    SourceError
        If it is not as the benchmark writes it.
    """
    if not isinstance(top, dict) or top.keys() != _TOP_KEYS:
        raise SourceError(
            path,
            "",
            "it holds something else than meta_archs, total_archs, arch2infos, evaluated_indexes",
        )
    names = top["meta_archs"]
    if type(names) is not list or any(type(one) is not str for one in names):
        raise SourceError(path, "meta_archs", "it is not a list of texts")
    if top["total_archs"] != len(names):
        raise SourceError(path, "total_archs", f"it is not the {len(names)} of meta_archs")
    return names
