"""What files of measurements can be read as, by the name that `mbml ingest` takes."""

from __future__ import annotations

import pkgutil
from shlex import quote
from typing import TYPE_CHECKING, Final

from mbml.benchmarks import BENCHMARK_PLUGINS, BENCHMARKS, added_benchmarks, benchmark
from mbml.errors import OtherKindError, UsageError, unknown_name
from mbml.plugins import Plugins
from mbml.whole_file import as_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mbml.benchmarks import Benchmark
    from mbml.sources.batch import Source
    from mbml.sources.containers.unpacking import Found
    from mbml.sources.tables.columns import ColumnOptions

    Opener = Callable[[Path], Sequence[Source]]


#: Readers are imported when they are asked for, as the command line must start at once.
_OWN: Final[Mapping[str, str]] = {
    name: reference for one in BENCHMARKS.values() for name, reference in one.sources.items()
} | {"table": "mbml.sources.tables.table:open_tables"}

#: Values of cells beside their trainings, which are no sources of measurements.
_OF_CELLS: Final = ("devices", "robustness")

SOURCE_PLUGINS: Plugins[Opener] = Plugins(
    group="mbml.sources",
    kind="source",
    fits=callable,
    wanted="a function from Path to a list of mbml.sources.batch.Source",
    own=(*_OWN, *_OF_CELLS, "proxies"),
)


def open_sources(
    name: str | None,
    path: Path | str,
    options: ColumnOptions | None = None,
    *,
    unpacking: Callable[[int, int], None] | None = None,
) -> Sequence[Source]:
    """Open a file or folder as sources that `mbml.store.ingest` loads.

    What is packed (gzip, bz2, xz, zstd, tar, zip) is unpacked into a temporary folder, which goes
    with the sources.

    Parameters
    ----------
    name
        `nasbench101`, `nasbench201`, `natsbench`, `table`, or the name of a plug-in's source;
        None tells it by the content.
    path
        The file or folder. It is looked at here, and read by the load.
    options
        What the columns of a table are.
    unpacking
        Called with the number and bytes of the files unpacked so far.

    Raises
    ------
    OtherKindError
        It holds measurements of devices, or under attack.
    UsageError
        Nothing of that name is known, the path is missing, the content is of another kind, or
        there are options for what is not a table.
    SourceError
        The file is empty, damaged, or not what it should be.
    PluginError
        The plug-in cannot be used.
    MbmlError
        There is no room to unpack it.
    """
    from mbml.sources.containers.unpacking import find
    from mbml.sources.found import FoundSource
    from mbml.sources.recognition import is_cell_file

    path = as_path(path)
    if name is not None:
        _checked(options, path, name)
        added = _opened_by_plugin(name, path)
        if added is not None:
            return added
    found = find(path, unpacking)
    with found.naming():
        kind = _kind(name, found)
        opener = pkgutil.resolve_name(_OWN[kind])
        sources: Sequence[Source] = opener(found.path, *_checked(options, path, kind))
    if is_cell_file(path.name):  # mbml's own surrogates are named in the folder of such files
        found.passes(path.resolve().parent)
    elif found.path == path and path.is_file():
        return sources
    return [FoundSource(one, found) for one in sources]


def _opened_by_plugin(name: object, path: Path) -> Sequence[Source] | None:
    """Open a path by the plug-in that has a source of the name; None where it is one of mbml."""
    from mbml.sources.added import open_added

    if not isinstance(name, str):
        raise unknown_name("source", name, [*_OWN, *added_sources()])
    opener = SOURCE_PLUGINS.get(name)
    if opener is not None:
        return open_added(opener, path, f"{SOURCE_PLUGINS.owner(name)}")
    if name in _OWN:
        return None
    known = _benchmark_of(name)
    if known is None:
        raise unknown_name("source", name, [*_OWN, *added_sources()])
    if name not in known.sources:
        raise unknown_name(f"source of {known.name}", name, known.sources)
    return open_added(known.load(known.sources[name]), path, f"{known.owner}")


def _checked(options: ColumnOptions | None, path: Path, kind: str) -> tuple[ColumnOptions, ...]:
    """Return options as what they are to a reader: an argument of that of tables alone."""
    if options is None:
        return ()
    if kind != "table":
        raise UsageError(f"{path}: columns are renamed and scaled in tables alone, not in {kind}")
    return (options,)


def _kind(name: str | None, found: Found) -> str:
    """Hold the kind that the user named against the content, which decides where none is named."""
    from mbml.sources.recognition import kind_of

    kind = kind_of(found.path, name)
    if kind is None and found.path.is_dir() and (found.is_copy or name is None):
        raise UsageError(
            f"{found.given}: holds no folder of NAS-Bench-201, NATS-Bench or Parquet files;"
            f" {'unpack it, and ' if found.is_copy else ''}name one of the files in it"
        )
    if kind in _OF_CELLS and name != "table":
        raise OtherKindError(
            kind,
            f"{found.given}: is of the kind {kind}, not {name}; load it with:"
            f" mbml ingest {kind} {quote(str(found.given))}",
        )
    if kind in _OF_CELLS:
        kind = "table"  # its accuracies without an attack, or else its reader tells what it is
    if name is None and kind is None:
        raise UsageError(
            f"{found.given}: nothing in it tells what it is; name the kind, one of"
            f" {', '.join([*_OWN, *added_sources()])}"
        )
    if name is not None and kind not in (None, name):
        raise UsageError(
            f"{found.given}: is of the kind {kind}, not {name}; load it with:"
            f" mbml ingest {kind} {quote(str(found.given))}"
        )
    return name or str(kind)


def added_sources() -> list[str]:
    """Return the names that plug-ins add, without importing any: of sources, and of benchmarks."""
    names = {*SOURCE_PLUGINS.names(), *BENCHMARK_PLUGINS.names()}
    return sorted(names - set(SOURCE_PLUGINS.own))


def package_of(name: str) -> str:
    """Return the package that adds a source; empty if none does."""
    if SOURCE_PLUGINS.package(name) or name in SOURCE_PLUGINS.own:
        return SOURCE_PLUGINS.package(name)
    if BENCHMARK_PLUGINS.package(name):
        return BENCHMARK_PLUGINS.package(name)
    known = _benchmark_of(name)
    return "" if known is None else BENCHMARK_PLUGINS.package(known.name)


def _benchmark_of(name: str) -> Benchmark | None:
    """Return the plug-in's benchmark that has a source; raises `PluginError` if it is broken."""
    if BENCHMARK_PLUGINS.package(name):
        return benchmark(name)
    return next((one for one in added_benchmarks().values() if name in one.sources), None)
