"""What files of measurements can be read as, by the name that `mbml ingest` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mbml.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mbml.sources.batch import Source

    Opener = Callable[[Path], Sequence[Source]]


def _nasbench101(path: Path) -> Sequence[Source]:
    from mbml.sources.nasbench101.source import NasBench101Source

    return [NasBench101Source(path)]


def _nasbench201(path: Path) -> Sequence[Source]:
    from mbml.sources.nasbench201.source import NasBench201Source

    return [NasBench201Source(path)]


def _natsbench(path: Path) -> Sequence[Source]:
    from mbml.sources.natsbench import NatsBenchSource

    return [NatsBenchSource(path)]


def _table(path: Path) -> Sequence[Source]:
    from mbml.sources.tables.table import open_tables

    return open_tables(path)


#: Each imports its reader when it is asked for, as the command line must start at once.
_OWN: Final[Mapping[str, Opener]] = {
    "nasbench101": _nasbench101,
    "nasbench201": _nasbench201,
    "natsbench": _natsbench,
    "table": _table,
}

PLUGINS: Plugins[Opener] = Plugins(
    group="mbml.sources",
    kind="source",
    fits=callable,
    wanted="a function from Path to a list of mbml.sources.batch.Source",
    own=(*_OWN, "proxies"),
)


def open_sources(name: str, path: Path) -> Sequence[Source]:
    """Open a file or folder as sources that `mbml.store.ingest` loads.

    Parameters
    ----------
    name
        `nasbench101`, `nasbench201`, `natsbench`, `table`, or the name of a plug-in's source.
    path
        The file or folder. It is looked at here, and read by the load.

    Raises
    ------
    UsageError
        Nothing of that name is known, or the path is missing or of the wrong kind.
    SourceError
        The file is empty, damaged, or not what it should be.
    PluginError
        The plug-in cannot be used.
    """
    return PLUGINS.find(name, _OWN)(path)
