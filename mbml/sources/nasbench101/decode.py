"""The records of one piece of a NAS-Bench-101 file, as arrays: the work of a worker process.

Nearly all records have one form, and that is decoded by column. Each record that differs from it
in anything goes through `parse_record`, which knows the whole format and every fault; so both ways
give equal rows and the fast one need not explain itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from mbml.sources.nasbench101.cells import WrittenCell, first_wrong_cell
from mbml.sources.nasbench101.message import TAIL_CHARACTERS, decode_tails, epochs_fit
from mbml.sources.nasbench101.record import EPOCHS, HEAD, MAX_EPOCHS, RecordError, parse_record
from mbml.sources.tfrecord.pieces import load_piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mbml.errors import SourceError
    from mbml.sources.nasbench101.message import MessageColumns
    from mbml.sources.tfrecord.pieces import Piece

NO_PARAMETERS: Final = -1

_RECORDS_AT_ONCE: Final = 16_384


@dataclass(frozen=True, kw_only=True)
class Records:
    """Decoded records, in the file's order; accuracies are fractions, times in seconds.

    Attributes
    ----------
    end
        Byte of the file after the last of them.
    cells
        The distinct cells, in order of first appearance.
    cell
        Position of each record's cell among them, shape (records,).
    schedule_epochs
        Length of the training, shape (records,).
    parameters
        Trainable parameters, `NO_PARAMETERS` where absent, shape (records,).
    total_seconds
        NaN where absent, shape (records,).
    evaluations
        Epoch, train seconds, train, validation and test accuracy of each of the three evaluations,
        NaN where absent, shape (5, records, 3).
    complete
        False if anything is absent.
    """

    end: int
    cells: list[WrittenCell]
    cell: NDArray[np.int64]
    schedule_epochs: NDArray[np.uint16]
    parameters: NDArray[np.int64]
    total_seconds: NDArray[np.float64]
    evaluations: NDArray[np.float64]
    complete: bool


def decode_piece(piece: Piece) -> Records:
    """Read, check and decode one piece of a file.

    Raises
    ------
    SourceError
        A record is damaged or illegal: the first one that is.
    """
    # Bytes are decoded few at a time, for memory; cells are hashed many at a time, for speed.
    done: list[Records] = []
    fault: SourceError | None = None
    for part in piece.parts(_RECORDS_AT_ONCE):
        records, fault = _decode_part(part)
        done.append(records)
        if fault is not None:
            break
    records = _joined(done)
    wrong = first_wrong_cell(records.cells)
    if wrong is not None:
        position, problem = wrong
        raise piece.fault(int(np.flatnonzero(records.cell == position)[0]), problem)
    if fault is not None:
        raise fault
    return records


def _decode_part(piece: Piece) -> tuple[Records, SourceError | None]:
    """Decode records up to the first fault, and return that too; cells are not checked."""
    buffer, intact = load_piece(piece)
    starts = piece.starts()
    ends = starts + piece.lengths
    tails = np.maximum(starts, ends - TAIL_CHARACTERS)
    heads = _Heads([buffer[a:b] for a, b in zip(starts.tolist(), tails.tolist(), strict=True)])
    columns = decode_tails(_tails(buffer, ends))
    fast = columns.usable & intact & heads.known[heads.code]
    fast &= epochs_fit(columns.evaluations[0], heads.schedule_epochs[heads.code])
    fault = None
    if not fast.all():
        texts, fault = _decode_slowly(piece, buffer, intact, fast, heads.texts, columns)
        heads = _Heads(texts)
    sound = slice(len(heads.texts))
    records = Records(
        end=piece.end,
        cells=heads.cells,
        cell=heads.cell[heads.code],
        schedule_epochs=heads.schedule_epochs[heads.code],
        parameters=columns.parameters[sound],
        total_seconds=columns.total_seconds[sound],
        evaluations=columns.evaluations[:, sound],
        complete=bool(fast.all()) or (fault is None and _complete(columns)),
    )
    return records, fault


def _joined(parts: list[Records]) -> Records:
    positions: dict[WrittenCell, int] = {}
    cell = []
    for part in parts:
        place = [positions.setdefault(one, len(positions)) for one in part.cells]
        cell.append(np.array(place, np.int64)[part.cell])
    return Records(
        end=parts[-1].end,
        cells=list(positions),
        cell=np.concatenate(cell),
        schedule_epochs=np.concatenate([part.schedule_epochs for part in parts]),
        parameters=np.concatenate([part.parameters for part in parts]),
        total_seconds=np.concatenate([part.total_seconds for part in parts]),
        evaluations=np.concatenate([part.evaluations for part in parts], axis=1),
        complete=all(part.complete for part in parts),
    )


def _decode_slowly(
    piece: Piece,
    buffer: bytes,
    intact: NDArray[np.bool_],
    fast: NDArray[np.bool_],
    texts: list[bytes],
    columns: MessageColumns,
) -> tuple[list[bytes], SourceError | None]:
    """Put what the fast path left over in its place; return the heads up to a fault, and that."""
    starts = piece.starts()
    texts = texts.copy()
    for index in np.flatnonzero(~fast).tolist():
        # A fault is not raised yet: the cell of a record before it may be wrong.
        if not intact[index]:
            return texts[:index], piece.fault(index, "the CRC of the record's payload is wrong")
        start = int(starts[index])
        try:
            record = parse_record(buffer[start : start + int(piece.lengths[index])])
        except RecordError as error:
            return texts[:index], piece.fault(index, str(error))
        texts[index] = record.head()
        metrics = record.metrics
        columns.parameters[index] = (
            NO_PARAMETERS if metrics.parameters is None else metrics.parameters
        )
        columns.total_seconds[index] = metrics.total_seconds
        columns.evaluations[:, index, :] = np.array(metrics.evaluations).T
    return texts, None


class _Heads:
    """All of the records but their metrics: few are distinct, and only those are looked into.

    Attributes
    ----------
    texts
        Of each record.
    code
        Position of each record's text among the distinct ones, shape (records,).
    known
        Which distinct ones have the official form, shape (distinct,); the others have no cell.
    schedule_epochs, cell
        Epochs, and position of the cell in `cells`, shape (distinct,).
    cells
        Distinct cells in order of first appearance.
    """

    def __init__(self, texts: list[bytes]) -> None:
        codes: dict[bytes, int] = {}
        self.texts = texts
        self.code = np.array([codes.setdefault(text, len(codes)) for text in texts], np.int64)
        self.known = np.zeros(len(codes), bool)
        self.schedule_epochs = np.zeros(len(codes), np.uint16)
        self.cell = np.zeros(len(codes), np.int64)
        self.cells: list[WrittenCell] = []
        positions: dict[tuple[bytes, bytes], int] = {}
        for code, text in enumerate(codes):
            end = text.find(b",", _EPOCHS_AT)
            rest = (text[:_EPOCHS_AT], text[end:])
            epochs = _epochs(text[_EPOCHS_AT:end])
            position = positions.get(rest)
            # Seen with other epochs, the rest needs no second look.
            if position is None and (match := HEAD.fullmatch(text)):
                position = positions[rest] = len(positions)
                self.cells.append(WrittenCell(*(part.decode() for part in match.group(1, 3, 4))))
            if position is not None and epochs:
                self.known[code] = True
                self.schedule_epochs[code] = epochs
                self.cell[code] = position


_EPOCHS_AT = len('["0123456789abcdef0123456789abcdef", ')


@lru_cache(maxsize=1024)
def _epochs(digits: bytes) -> int:
    """Return the number of epochs in the official form, 0 for any other text."""
    match = EPOCHS.fullmatch(digits)
    number = int(digits) if match else 0
    return number if number <= MAX_EPOCHS else 0


def _tails(buffer: bytes, ends: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the last characters of each payload, with bytes before it where it has fewer."""
    characters = np.frombuffer(buffer, np.uint8)
    if len(characters) < TAIL_CHARACTERS:
        return np.zeros((len(ends), TAIL_CHARACTERS), np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(characters, TAIL_CHARACTERS)
    return windows[np.maximum(ends - TAIL_CHARACTERS, 0)]


def _complete(columns: MessageColumns) -> bool:
    gaps = (columns.parameters == NO_PARAMETERS).any() or np.isnan(columns.total_seconds).any()
    return not gaps and not np.isnan(columns.evaluations).any()
