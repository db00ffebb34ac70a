"""What a file or folder of measurements is, told by its content."""

from __future__ import annotations

import re
import struct
from contextlib import closing, suppress
from itertools import islice
from typing import TYPE_CHECKING, Final

import polars as pl

from mbml.errors import SourceError
from mbml.sources.containers.strangers import text_of
from mbml.sources.containers.unpacking import head_of
from mbml.sources.nasbench101 import naslib as naslib101
from mbml.sources.nasbench201 import naslib as naslib201
from mbml.sources.nasbench201.files import begins_as_release, open_records
from mbml.sources.nasbench201.source import CELL_FILE as CELL_FILE_201
from mbml.sources.nasbench201.source import RECORD_KEYS
from mbml.sources.natsbench import CELL_FILE, SCHEDULES_OF_SPACES
from mbml.sources.pickles.torch_pickle import begins_as_pickle
from mbml.sources.tables.device_pickles import begins_as_hw_nas_bench
from mbml.sources.tables.layouts import layout_of
from mbml.sources.tfrecord.framing import HEADER_BYTES, masked_crc

if TYPE_CHECKING:
    from pathlib import Path

_AGAIN: Final = "Download the file again."
_PARQUET: Final = b"PAR1"


def kind_of(path: Path, said: str | None = None) -> str | None:
    """Return what a file or folder holds, as `mbml ingest` names it.

    Parameters
    ----------
    path
        The file or folder, without packing.
    said
        What the user says that it is: whose reader tells of a damaged pickle, with the place.

    Returns
    -------
    str or None
        `nasbench101`, `nasbench201`, `natsbench`, `table`, `devices` or `robustness`; None where it
        is damaged, or something that only its reader can name.

    Raises
    ------
    UsageError
        Nothing is there, or no file or folder.
    SourceError
        It is empty or cut short; or it is a pickle that is damaged or hostile, and nobody said
        what it is.
    """
    return _kind_of_folder(path) if path.is_dir() else _kind_of_file(path, said)


def is_cell_file(name: str) -> bool:
    """Tell whether a file is called as those in the folders of NAS-Bench-201 and NATS-Bench."""
    return bool(CELL_FILE.fullmatch(name) or CELL_FILE_201.fullmatch(name))


def _kind_of_folder(folder: Path) -> str | None:
    names = [one.name for one in islice(folder.rglob("*"), 1000)]
    if any(CELL_FILE.fullmatch(name) for name in names):
        return "natsbench"
    if any(CELL_FILE_201.fullmatch(name) for name in names):
        return "nasbench201"
    if any(name.lower().endswith(".parquet") for name in names):
        return "table"
    return None


def _kind_of_file(path: Path, said: str | None) -> str | None:
    head = head_of(path).data
    if len(head) >= HEADER_BYTES and _is_record(head):
        return "nasbench101"
    if head.startswith(_PARQUET):
        _check_end(path)
        return _kind_of_parquet(path)
    if begins_as_pickle(head):
        try:
            return "devices" if begins_as_hw_nas_bench(head) else _kind_of_pickle(path)
        except SourceError:
            # Only pickles of protocols 0 and 1 begin as text may.
            if head[:1] in (b"\x80", b"P"):
                if said is None:
                    raise
                return None
    text = text_of(head)
    return None if text is None else _kind_of_text(text)


def _check_end(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(-len(_PARQUET), 2)
        if file.read() != _PARQUET:
            problem = "is cut short: the end of a Parquet file is missing"
            raise SourceError(path, "", problem, _AGAIN)


def _kind_of_parquet(path: Path) -> str:
    with suppress(pl.exceptions.PolarsError, OSError):  # its reader tells what is wrong
        return _kind_of_columns([*pl.read_parquet_schema(path)])
    return "table"


def _is_record(head: bytes) -> bool:
    length, crc = struct.unpack_from("<QI", head)
    return bool(crc == masked_crc(head[:8])) and length < 1 << 32


def _kind_of_pickle(path: Path) -> str | None:
    """Tell pickles apart by the first record: NASLib's, and the releases by their schedules."""
    if not begins_as_release(path):
        if naslib201.is_of_naslib(path):
            return "nasbench201"
        if naslib101.is_of_naslib(path):
            return "nasbench101"
    with closing(open_records(path, RECORD_KEYS.union(*SCHEDULES_OF_SPACES.values()))) as opened:
        record = next(opened.records(), None)
        top = opened.machine.result
    if record is None:
        if isinstance(top, dict) and "meta_archs" in top:
            return "natsbench"
        return "devices" if isinstance(top, list) else None
    return "nasbench201" if record.value.keys() <= RECORD_KEYS else "natsbench"


def _kind_of_text(text: str) -> str | None:
    if text.startswith(("{", "[")):
        return "table"
    header = text.partition("\n")[0]
    if not re.search(r"[,;\t]", header):
        return None
    return _kind_of_columns([name.strip('"\r ') for name in re.split(r"[,;\t]", header)])


def _kind_of_columns(names: list[str]) -> str:
    layout = layout_of(names)
    return layout.loaded_by if layout is not None and layout.holds else "table"
