"""Upgrading a warehouse of an earlier schema version, without the loss of anything in it.

A copy beside the original is brought forward, and takes its place when every check has passed.
The original is locked meanwhile, so that no write falls between copy and replacement. Killed at
any moment, either of the two is whole under the warehouse's name.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import duckdb

from mbml.errors import LockedError, MbmlError, WarehouseError
from mbml.result_types import sql_name
from mbml.store.checks import first_comment, run_checks
from mbml.store.connection import connect, remove
from mbml.store.contents import views_by_name
from mbml.store.faults import check_present, reporting_damage, reporting_full_disk
from mbml.store.schema import (
    SCHEMA_VERSION,
    add_tables,
    apply_definitions,
    check_version,
    migrations,
    outdated,
    own_views,
    schema_version,
)
from mbml.store.values import refresh_values
from mbml.store.waiting import Working
from mbml.store.warehouse import Warehouse, open_here
from mbml.text import first_line
from mbml.whole_file import as_path, is_full, whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

#: Another than that of other writers, so that DuckDB refuses these in the same process.
_MEMORY = "512MB"

#: Free space that is asked for, in sizes of the warehouse: the copy, and what changes in it.
_ROOM = 2

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class UpgradeReport:
    """What an upgrade did, or would do.

    Attributes
    ----------
    path
        The warehouse; where it was given as a link, the file that this leads to.
    old_version, new_version
        Schema versions before and after; the same if there was nothing to do.
    steps
        The migrations, in order, each as its file says what it does.
    unreadable_views
        Views that mbml did not make, and that can be read before and not after, each with the
        reason. They are kept.
    backup
        Where the original is; None if it was not kept, or not replaced.
    """

    path: Path
    old_version: int
    new_version: int
    steps: tuple[str, ...] = ()
    unreadable_views: tuple[tuple[str, str], ...] = ()
    backup: Path | None = None


def upgrade(
    warehouse: Path | str, *, check: bool = False, no_backup: bool = False
) -> UpgradeReport:
    """Bring a warehouse of an earlier schema version to that of this mbml.

    Everything in it is kept: measurements, proxies, results, and the user's tables, views and
    macros. The original stays beside it, as in ``mbml.schema5.duckdb``.

    Parameters
    ----------
    warehouse
        The DuckDB file; a link to it stays one.
    check
        Upgrade the copy alone and remove it: the report says what would happen.
    no_backup
        Do not keep the original.

    Returns
    -------
    UpgradeReport
        The versions, the steps between them, the backup, and views of the user that the upgrade
        makes unreadable.

    Raises
    ------
    UsageError
        The path is an address, a folder, a device, or not a path at all.
    LockedError
        Another process has the warehouse open, or has just upgraded it.
    WarehouseError
        The file is missing, damaged, no warehouse, of a later version or one that mbml cannot
        upgrade; the folder cannot be written; this process has it open; or an object of the user
        has a name that mbml needs.
    CheckError
        The upgraded copy breaks a check; the warehouse was not changed.
    MbmlError
        The disk has too little space; the warehouse was not changed.

    Examples
    --------
    >>> from mbml.store.upgrade import upgrade
    >>> upgrade("warehouse/mbml.duckdb").steps
    ()
    """
    path = as_path(warehouse)
    check_present(path)
    path = path.resolve()
    if open_here(path):
        raise WarehouseError(f"{path}: this process has it open; close it, then try again")
    with closing(connect(path, read_only=True)) as reader, reporting_damage(path):
        version = schema_version(reader, path)
    if version == SCHEMA_VERSION:
        return UpgradeReport(path=path, old_version=version, new_version=version)
    if not migrations(version):
        raise outdated(path, version)
    copy = path.with_name(f".{path.name}.upgrade")
    try:
        with _locked(path) as original, reporting_full_disk(path):
            _remove(copy)  # a killed upgrade may have left it
            try:
                _copy(original, copy, path)
                unreadable = _bring_forward(copy, path, version)
                backup = None if check or no_backup else _backup(path, version)
                if not check:
                    _take_place(copy, path, original, backup)
            finally:
                _remove(copy)
    except OSError as error:
        raise WarehouseError(
            f"{path}: cannot be upgraded, nothing was changed: {error.strerror or error}; choose"
            " another with `warehouse`, or copy it to a folder that can be written"
        ) from error
    return UpgradeReport(
        path=path,
        old_version=version,
        new_version=SCHEMA_VERSION,
        steps=tuple(first_comment(file) for file in migrations(version)),
        unreadable_views=unreadable,
        backup=backup,
    )


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """Open the file while no other process can; what lay in its log is in the file."""
    con = connect(path, read_only=False, memory_limit=_MEMORY)
    # Closed last: to close a file drops every lock that the process has on it.
    with path.open("rb") as file, closing(con):
        con.execute("checkpoint")
        yield file


def _copy(original: BinaryIO, copy: Path, path: Path) -> None:
    size = os.fstat(original.fileno()).st_size
    free = shutil.disk_usage(path.parent).free
    if free < _ROOM * size:
        raise MbmlError(
            f"{path}: an upgrade needs {_ROOM * size / 1e6:,.0f} MB of free space in its folder,"
            f" which has {free / 1e6:,.0f} MB; free some space and try again"
        )
    try:
        target = copy.open("xb")
    except FileExistsError:
        raise WarehouseError(
            f"{copy}: is in the way of the copy that is upgraded; nothing was changed; move or"
            " remove it, then try again"
        ) from None
    with target:
        shutil.copymode(path, copy)
        shutil.copyfileobj(original, target, _CHUNK)


def _bring_forward(copy: Path, path: Path, version: int) -> tuple[tuple[str, str], ...]:
    """Upgrade the copy and run all checks; return the user's views that cannot be read any more."""
    con = connect(copy, read_only=False, memory_limit=_MEMORY)
    # Named as the original in messages.
    with Warehouse(path, con, writes=True) as held:
        working = Working(lambda: _migrate(held, version))
        working.start()
        working.wait_or_stop(con.interrupt)
        unreadable = working.result()
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    return unreadable


def _migrate(held: Warehouse, version: int) -> tuple[tuple[str, str], ...]:
    con = held.con
    # A view of the user may ask for any file.
    con.execute("set enable_external_access = false")
    if schema_version(con, held.path) != version:
        raise LockedError(f"{held.path}: another process has just upgraded it; try again")
    before = _unreadable(held)
    # DuckDB changes no column that an index of the user is on.
    indexes = held.rows(
        "select schema_name, index_name, sql from duckdb_indexes()"
        " where database_name = current_database()"
    )
    try:
        with reporting_damage(held.path):
            for schema, index, _ in indexes:
                con.execute(f"drop index {sql_name(schema, index)}")
            for file in migrations(version):
                con.execute(file.read_text())
            held.transaction(lambda: _complete(held))
            for *_, sql in indexes:
                con.execute(sql)
            con.execute("checkpoint")
    except duckdb.Error as error:
        if is_full(error):
            raise
        raise WarehouseError(
            f"{held.path}: cannot be upgraded, nothing was changed: {first_line(error)}; if its"
            f" tables are not those of schema version {version}, put a copy in its place, or ingest"
            " the sources into a new file"
        ) from error
    after = _unreadable(held)
    return tuple((name, why) for name, why in after.items() if name not in before)


def _complete(held: Warehouse) -> None:
    add_tables(held.con, held.path)
    held.con.execute("update warehouse set schema_version = ?", [SCHEMA_VERSION])
    if not check_version(held.con, held.path, macros=True):
        apply_definitions(held.con, held.path)
    refresh_values(held.con)
    run_checks(held)


def _unreadable(held: Warehouse) -> dict[str, str]:
    """Return the views that mbml did not make and that cannot be read, with the reason."""
    found = {}
    own = own_views()
    for name, (relation, _) in views_by_name(held).items():
        try:
            if name not in own:
                held.con.execute(f"from {relation} limit 0")
        except duckdb.Error as error:
            found[name] = first_line(error)
    return found


def _backup(path: Path, version: int) -> Path:
    """Return a name for the original that no other file has."""
    for number in count(1):
        again = f"-{number}" if number > 1 else ""
        backup = path.with_name(f"{path.stem}.schema{version}{again}{path.suffix}")
        # Killed just before the replacement, an upgrade has left a second name of the original.
        if not os.path.lexists(backup) or os.path.samestat(backup.lstat(), path.stat()):
            break
    return backup


def _take_place(copy: Path, path: Path, original: BinaryIO, backup: Path | None) -> None:
    """Put the copy in the original's place in one step, once the original has a second name."""
    if backup is not None and not backup.exists():
        try:
            os.link(path, backup)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            original.seek(0)
            with whole(backup) as unfinished, unfinished.open("xb") as target:
                shutil.copyfileobj(original, target, _CHUNK)
    copy.replace(path)
    with suppress(OSError):  # Windows opens no folder
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def _remove(copy: Path) -> None:
    """Remove the copy, with its log and what DuckDB spilled."""
    remove(copy)
    shutil.rmtree(f"{copy}.tmp", ignore_errors=True)
