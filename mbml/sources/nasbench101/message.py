"""The two shapes that the metrics of nearly every record have, decoded for many records at once.

A message of three full evaluations has 155 bytes, or 154 where the number of parameters fits three
bytes, and its base64, wrapped as MIME, fills the last characters of the record. So columns of
bytes are fields. Whatever looks otherwise in any way is left to the general walker.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The last characters of a record: three lines of base64, each ended by an escaped line feed.
TAIL_CHARACTERS: Final = 216

_LINES = (slice(0, 76), slice(78, 154), slice(156, 212))
_BREAKS = np.array([76, 77, 154, 155, 212, 213, 214, 215])
_BREAK_CHARACTERS = np.frombuffer(rb'\n\n\n"]', np.uint8)
_ENCODED = 208
_DECODED = 156
_EVALUATION = 47
_FIELDS = ("epoch", "train_seconds", "train_accuracy", "valid_accuracy", "test_accuracy")
_PARAMETERS_TAG = 3 * _EVALUATION
_ALPHABET = np.zeros(256, bool)
_ALPHABET[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")] = True


class MessageColumns(NamedTuple):
    """Fields of many messages; accuracies are fractions, times in seconds.

    Attributes
    ----------
    usable
        Which rows hold a legal message of a known shape, shape (records,); the values of the others
        mean nothing.
    parameters
        Shape (records,).
    total_seconds
        Shape (records,).
    evaluations
        Epoch, train seconds, train, validation and test accuracy, shape (5, records, 3).
    """

    usable: NDArray[np.bool_]
    parameters: NDArray[np.int64]
    total_seconds: NDArray[np.float64]
    evaluations: NDArray[np.float64]


def decode_tails(tails: NDArray[np.uint8]) -> MessageColumns:
    """Decode the last characters of records.

    Parameters
    ----------
    tails
        Shape (records, `TAIL_CHARACTERS`).
    """
    usable, wide, messages = _decode_base64(tails)
    rows = len(tails)
    usable &= (messages[:, _TAG_COLUMNS] == _TAGS).all(axis=1)
    parameters = np.zeros(rows, np.int64)
    total_seconds = np.zeros(rows)
    for size, chosen in ((4, wide), (3, ~wide)):
        fits, parameters[chosen], total_seconds[chosen] = _decode_end(messages[chosen], size)
        usable[chosen] &= fits
    evaluations = np.empty((len(_FIELDS), rows, 3))
    records = messages.view(_LAYOUT).reshape(rows)
    for field, name in enumerate(_FIELDS):
        for turn in range(3):
            evaluations[field, :, turn] = records[f"{name}{turn}"]
    # A comparison with NaN is false, so that this refuses it as well.
    in_range = (evaluations[1:] >= 0) & (evaluations[1:] <= _HIGHEST)
    usable &= in_range.all(axis=(0, 2)) & (total_seconds >= 0) & (total_seconds < np.inf)
    return MessageColumns(usable, parameters, total_seconds, evaluations)


def epochs_fit(
    epochs: NDArray[np.float64], schedule_epochs: NDArray[np.uint16]
) -> NDArray[np.bool_]:
    """Tell whose evaluations are after 0, a whole number between, and all of the epochs."""
    first, middle, last = epochs[:, 0], epochs[:, 1], epochs[:, 2]
    between = (middle > 0) & (middle < last) & (middle == np.floor(middle))
    fits: NDArray[np.bool_] = (first == 0) & between & (last == schedule_epochs)
    return fits


def encode_tails(
    parameters: NDArray[np.int64],
    total_seconds: NDArray[np.float64],
    evaluations: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Encode metrics as the last characters of records: the opposite of `decode_tails`.

    Parameters
    ----------
    parameters
        Shape (records,); each must need three or four bytes, 2**14 to 2**28 - 1.
    total_seconds
        Shape (records,).
    evaluations
        Shape (5, records, 3).

    Returns
    -------
    ndarray
        Shape (records, `TAIL_CHARACTERS`).
    """
    rows = len(parameters)
    messages = np.zeros((rows, _DECODED), np.uint8)
    messages[:, _TAG_COLUMNS] = _TAGS
    records = messages.view(_LAYOUT).reshape(rows)
    for field, name in enumerate(_FIELDS):
        for turn in range(3):
            records[f"{name}{turn}"] = evaluations[field, :, turn]
    wide = parameters >= 1 << 21
    if parameters.min(initial=1 << 14) < 1 << 14 or parameters.max(initial=0) >= 1 << 28:
        raise ValueError("a number of parameters that does not take three or four bytes")
    for size, chosen in ((4, wide), (3, ~wide)):
        start = _PARAMETERS_TAG + 1
        digits = (parameters[chosen, None] >> np.arange(0, 7 * size, 7)) & 0x7F
        more = np.array([0x80] * (size - 1) + [0])
        end = np.full((int(chosen.sum()), 1), _TOTAL_TAG, np.uint8)
        eight = total_seconds[chosen].astype("<f8").view(np.uint8).reshape(-1, 8)
        messages[chosen, start : start + size + 9] = np.hstack([digits | more, end, eight])
    encoded = np.frombuffer(binascii.b2a_base64(messages.data, newline=False), np.uint8)
    encoded = encoded.reshape(rows, _ENCODED).copy()
    encoded[:, -1] = ord("=")
    encoded[~wide, -2] = ord("=")
    tails = np.empty((rows, TAIL_CHARACTERS), np.uint8)
    tails[:, _BREAKS] = _BREAK_CHARACTERS
    done = 0
    for line in _LINES:
        tails[:, line] = encoded[:, done : done + line.stop - line.start]
        done += line.stop - line.start
    return tails


def _decode_base64(
    tails: NDArray[np.uint8],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.uint8]]:
    """Return which rows are base64, which of these have 155 bytes, and the bytes of all."""
    usable = (tails[:, _BREAKS] == _BREAK_CHARACTERS).all(axis=1)
    encoded = np.concatenate([tails[:, line] for line in _LINES], axis=1)
    usable &= encoded[:, -1] == ord("=")
    wide = encoded[:, -2] != ord("=")
    # As zeros the padding decodes to bytes after the message, and all messages to one length.
    encoded[:, -1] = ord("A")
    encoded[~wide, -2] = ord("A")
    encoded[~usable] = ord("A")
    try:
        decoded = binascii.a2b_base64(encoded.data, strict_mode=True)
    except binascii.Error:
        usable &= _ALPHABET[encoded].all(axis=1)
        encoded[~usable] = ord("A")
        decoded = binascii.a2b_base64(encoded.data, strict_mode=True)
    return usable, wide, np.frombuffer(decoded, np.uint8).reshape(len(tails), _DECODED)


def _decode_end(
    messages: NDArray[np.uint8], size: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float64]]:
    """Decode the parameters, a varint of so many bytes, and the total time after it."""
    start = _PARAMETERS_TAG + 1
    varint = messages[:, start : start + size]
    more = np.array([0x80] * (size - 1) + [0], np.uint8)
    fits = ((varint & 0x80) == more).all(axis=1) & (messages[:, start + size] == _TOTAL_TAG)
    shifts = np.arange(0, 7 * size, 7)
    parameters = ((varint & 0x7F).astype(np.int64) << shifts).sum(axis=1)
    eight = messages[:, start + size + 1 : start + size + 9]
    return fits, parameters, np.ascontiguousarray(eight).view("<f8").reshape(-1)


def _tags() -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    columns = []
    values = []
    for turn in range(3):
        start = turn * _EVALUATION
        columns += [start, start + 1, *(start + 2 + 9 * field for field in range(5))]
        values += [0x0A, _EVALUATION - 2, 0x09, 0x11, 0x19, 0x21, 0x29]
    return np.array([*columns, _PARAMETERS_TAG]), np.array([*values, 0x10], np.uint8)


_TOTAL_TAG = 0x19
_TAG_COLUMNS, _TAGS = _tags()
_LAYOUT = np.dtype(
    {
        "names": [f"{name}{turn}" for name in _FIELDS for turn in range(3)],
        "formats": ["<f8"] * 15,
        "offsets": [turn * _EVALUATION + 3 + 9 * field for field in range(5) for turn in range(3)],
        "itemsize": _DECODED,
    }
)
# Times have no upper bound but must be finite, accuracies are fractions.
_HIGHEST = np.array([np.finfo(np.float64).max, 1.0, 1.0, 1.0]).reshape(4, 1, 1)
