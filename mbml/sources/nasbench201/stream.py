"""What every release of NAS-Bench-201 and NATS-Bench shares: one stream of batches, checked whole.

Batches come numbered from 0 each; here they are numbered on, an index met twice is refused, and
indexes and architecture strings are held against the release's own list where it has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow.compute as pc

from mbml.errors import SourceError
from mbml.sources.nasbench201.files import TOP_KEYS
from mbml.sources.nasbench201.tables import Identity, renumbered
from mbml.sources.pickles.values import summary_of
from mbml.spaces import nasbench201, natsbench_sss

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mbml.sources.batch import Batch


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
                f"it is {summary_of(text)}, where meta_archs has {summary_of(self.names[index])}",
            )

    def finish(self, top: Top) -> None:
        """Check the records that were handed over against the dictionary that held them.

        Raises
        ------
        SourceError
            If it lists other records than were found.
        """
        self.names = top.names
        for index, text in self.found.items():
            self._check_name(index, text)
        if sorted(top.indexes) != sorted(self.found):
            raise SourceError(
                self.path,
                "evaluated_indexes",
                f"it does not list the {len(self.found)} architectures that the file holds",
            )
        if not self.found:
            raise SourceError(self.path, "arch2infos", "it holds no architecture")


class Top(NamedTuple):
    """The dictionary at the top of a release, checked.

    Attributes
    ----------
    names
        Architecture strings by index.
    indexes
        The indexes of the architectures that it holds, in any order.
    """

    names: list[str]
    indexes: list[int]


def check_top(path: Path, top: object) -> Top:
    """Check the dictionary at the top of a release.

    Raises
    ------
    SourceError
        If it is not as the benchmark writes it.
    """
    if type(top) is not dict or top.keys() != TOP_KEYS:
        raise SourceError(
            path,
            "",
            "it holds something else than meta_archs, total_archs, arch2infos, evaluated_indexes",
        )
    names = top["meta_archs"]
    if type(names) is not list or any(type(one) is not str for one in names):
        raise SourceError(path, "meta_archs", "it is not a list of texts")
    total = top["total_archs"]
    if type(total) is not int or total != len(names):
        problem = f"it is {summary_of(total)}, where meta_archs has {len(names):,}"
        raise SourceError(path, "total_archs", problem)
    indexes = top["evaluated_indexes"]
    if not isinstance(indexes, list | set) or any(type(one) is not int for one in indexes):
        raise SourceError(path, "evaluated_indexes", "it is not a list or set of indexes")
    # A record that was handed over leaves an empty dictionary.
    records = top["arch2infos"]
    if type(records) is dict and any(type(one) is not dict or one for one in records.values()):
        raise SourceError(path, "arch2infos", "it holds what is not a record")
    return Top(names, list(indexes))
