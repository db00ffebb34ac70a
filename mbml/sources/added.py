"""Sources of plug-ins: read by code of others, and looked at before a row reaches the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mbml.benchmarks import benchmark, benchmark_names
from mbml.errors import CellError, SourceError, UsageError
from mbml.plugins import WrongResultError, guard
from mbml.sources.batch import check_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mbml.sources.batch import Batch, Source

#: What a plug-in raises for a file that is damaged or of the wrong kind.
_REFUSALS = (CellError, SourceError, UsageError)


class AddedSource:
    """A source of a plug-in.

    Parameters
    ----------
    source
        The source as the plug-in made it.
    owner
        The plug-in and its package, for messages.
    """

    def __init__(self, source: Source, owner: str) -> None:
        self._source = source
        self._owner = owner
        self.path, self.benchmark, self.format = source.path, source.benchmark, source.format
        self.files = tuple(source.files)
        if not isinstance(self.path, Path) or not isinstance(self.format, str):
            raise WrongResultError("path must be a Path, format a text")
        if self.benchmark not in benchmark_names():
            raise WrongResultError(f"benchmark must be one of {', '.join(benchmark_names())}")
        self._datasets = benchmark(self.benchmark).datasets
        if not self.files or not all(isinstance(one, Path) and one.is_file() for one in self.files):
            raise WrongResultError("files must be the paths of the files that are read")

    @property
    def release(self) -> str | None:
        """Which published release this is; None if unknown."""
        with guard(self._owner, "failed in release"):
            found = self._source.release
            if found is not None and not isinstance(found, str):
                raise WrongResultError(f"got {type(found).__name__}, expected a text or None")
            return found

    def batches(self) -> Iterator[Batch]:
        """Read the source; raises `PluginError` if it fails, or a batch is not one."""
        with guard(self._owner, "failed in batches", passes=_REFUSALS):
            batches = iter(self._source.batches())
        while True:
            with guard(self._owner, "failed in batches", passes=_REFUSALS):
                batch = next(batches, None)
                if batch is not None:
                    check_batch(batch)
                    self._check_datasets(batch)
            if batch is None:
                return
            yield batch

    def _check_datasets(self, batch: Batch) -> None:
        for name in batch.runs.column("dataset").unique().to_pylist():
            if name not in self._datasets:
                raise WrongResultError(f"dataset must be one of {', '.join(self._datasets)}")


def open_added(
    opener: Callable[[Path], Sequence[Source]], path: Path, owner: str
) -> list[AddedSource]:
    """Open a file or folder by a plug-in; raises `PluginError` if it fails, or opens nothing."""
    with guard(owner, "failed", passes=_REFUSALS):
        sources = [AddedSource(one, owner) for one in opener(path)]
        if not sources:
            raise WrongResultError(f"it found no source in {path}")
        return sources
