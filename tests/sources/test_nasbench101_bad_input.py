"""Every kind of damage to a record: one message with file, record and byte, none of it read."""

from __future__ import annotations

import base64
import json
import math
import struct

import pytest
from records import (
    BITS,
    FIRST_RECORD,
    HASH,
    OPERATIONS,
    frame,
    message,
    payload,
    split,
    write,
)

from mbml.errors import SourceError
from mbml.sources.nasbench101.source import NasBench101Source

FIRST, HALF, LAST = FIRST_RECORD
FORM = "it is not a JSON list of hash, epochs, adjacency, operations and metrics"

NO_TRAINING = "its metrics are not those of a training:"


#: Good records in the two official shapes: parameters of four bytes and of three.
INVENTED = [payload(message(parameters=size, total_time=size / 7)) for size in (2_500_000, 250_000)]


@pytest.fixture(
    params=["invented", pytest.param("genuine", marks=pytest.mark.realdata)],
)
def good(request):
    """The payloads of a file without fault, by hand and of a genuine one."""
    if request.param == "invented":
        return INVENTED * 10
    folder = request.getfixturevalue("real_data")
    return split((folder / "tfrecord" / "epochs_4_spec_3V9E.tfrecord").read_bytes())


def refusal(path, **options):
    with pytest.raises(SourceError) as caught:
        for _ in NasBench101Source(path, **options).batches():
            pass
    place, _, problem = str(caught.value).removeprefix(f"{path}, ").partition(": ")
    return place, problem


def text_of(metrics):
    return base64.encodebytes(metrics).decode()


BAD_RECORDS = {
    "no JSON": (b"\x0a\x0bnot json", f"{FORM}: Expecting value: line 2 column 1 (char 1)"),
    "no UTF-8": (b'["\xff"]', f"{FORM}: it is not UTF-8"),
    "an empty payload": (b"", f"{FORM}: Expecting value: line 1 column 1 (char 0)"),
    "an object": (b'{"a": 1}', f"{FORM}, but an object"),
    "a list of 4": (b'["a", 4, "b", "c"]', f"{FORM}, but a list of 4"),
    "a list of 6": (b"[1, 2, 3, 4, 5, 6]", f"{FORM}, but a list of 6"),
    "JSON cut short": (payload()[:-1], None),
    "JSON too deep": (b"[" * 100_000, None),
    "hash a number": (
        payload(module_hash=5),
        "its module hash is 5, and not 32 lower-case hexadecimal digits",
    ),
    "hash too short": (
        payload(module_hash=HASH[:-1]),
        f"its module hash is '{HASH[:-1]}', and not 32 lower-case hexadecimal digits",
    ),
    "hash in capitals": (payload(module_hash=HASH.upper()), None),
    "epochs text": (
        payload(epochs="4"),
        "its epochs are '4', and not a number from 1 to 65,535",
    ),
    "epochs true": (
        payload(epochs=True),
        "its epochs are True, and not a number from 1 to 65,535",
    ),
    "epochs 0": (payload(epochs=0), "its epochs are 0, and not a number from 1 to 65,535"),
    "epochs negative": (payload(epochs=-4), "its epochs are -4, and not a number from 1 to 65,535"),
    "epochs 4.0": (payload(epochs=4.0), "its epochs are 4.0, and not a number from 1 to 65,535"),
    "epochs too many": (
        payload(epochs=65_536),
        "its epochs are 65536, and not a number from 1 to 65,535",
    ),
    "epochs beyond any": (payload().replace(b", 4,", b", " + b"9" * 5_000 + b","), None),
    "epochs not the last evaluation's": (
        payload(epochs=12),
        (
            f"{NO_TRAINING} the evaluations are after 0, 2 and 4 epochs, and"
            " not after 0, a whole number between, and 12"
        ),
    ),
    "adjacency null": (payload(bits=None), "its adjacency is None, and not 4 to 49 digits 0 and 1"),
    "adjacency a list": (
        payload(bits=[[0, 1], [0, 0]]),
        "its adjacency is a list, and not 4 to 49 digits 0 and 1",
    ),
    "adjacency with a 2": (payload(bits="0200"), None),
    "adjacency of 8 vertices": (payload(bits="0" * 64), None),
    "adjacency of no square": (payload(bits=BITS[:-1]), "its cell is not legal: "),
    "adjacency not upper-triangular": (payload(bits="1" + BITS[1:]), "its cell is not legal: "),
    "adjacency without a path": (
        payload(bits="0" * 49),
        "its cell is not legal: no path from input to output",
    ),
    "too many edges": (
        payload(bits="0111111001111100011110000111000001100000010000000"),
        "its cell is not legal: 21 edges; a cell has at most 9",
    ),
    "operations a list": (
        payload(operations=OPERATIONS.split(",")),
        "its operations is a list, and not labels joined by commas",
    ),
    "an unknown operation": (
        payload(operations=OPERATIONS.replace("maxpool3x3", "maxpool5x5")),
        "its cell is not legal: ",
    ),
    "an operation too few": (
        payload(operations=OPERATIONS.replace(",maxpool3x3", "")),
        "its cell is not legal: 6 operations for 7 vertices",
    ),
    "no output": (payload(operations=OPERATIONS[:-7]), "its cell is not legal: "),
    "another cell's hash": (
        payload(operations=OPERATIONS.replace("maxpool3x3", "conv1x1-bn-relu")),
        f"its module hash is {HASH}, and that of its cell is ",
    ),
    "metrics null": (
        json.dumps([HASH, 4, BITS, OPERATIONS, None]).encode(),
        "its metrics are null, and not base64 text",
    ),
    "metrics empty": (payload(b""), None),
    "base64 cut short": (
        json.dumps([HASH, 4, BITS, OPERATIONS, text_of(message())[:-2]]).encode(),
        "its metrics are not base64: Incorrect padding",
    ),
    "base64 with a foreign character": (
        payload().replace(b"Ci0J", b"Ci*J"),
        "its metrics are not base64: ",
    ),
    "base64 with letters beyond ASCII": (payload().replace(b"Ci0J", b"Ci\\u00e90J"), None),
    "protobuf cut short": (
        payload(message()[:-1]),
        f"{NO_TRAINING} its protocol buffer is cut short",
    ),
    "protobuf of another kind": (
        payload(b"\x0f" * 155),
        f"{NO_TRAINING} its protocol buffer has a field of wire type 7",
    ),
    "two evaluations": (
        payload(message((FIRST, LAST))),
        f"{NO_TRAINING} 2 evaluations, and not 3",
    ),
    "accuracy NaN": (
        payload(message((FIRST, HALF, (*LAST[:3], math.nan, LAST[4])))),
        f"{NO_TRAINING} validation_accuracy is nan",
    ),
    "accuracy infinite": (
        payload(message((FIRST, HALF, (*LAST[:2], math.inf, *LAST[3:])))),
        f"{NO_TRAINING} train_accuracy is inf",
    ),
    "accuracy in percent": (
        payload(message((FIRST, HALF, (*LAST[:4], 35.046)))),
        (f"{NO_TRAINING} test_accuracy is 35.046, and not a fraction in [0, 1]"),
    ),
    "accuracy negative": (
        payload(message((FIRST, (*HALF[:2], -1e-9, *HALF[3:]), LAST))),
        (f"{NO_TRAINING} train_accuracy is -1e-09, and not a fraction in [0, 1]"),
    ),
    "time negative": (
        payload(message((FIRST, (2.0, -45.0, *HALF[2:]), LAST))),
        f"{NO_TRAINING} training_time is -45.0 seconds",
    ),
    "time infinite": (
        payload(message((FIRST, (2.0, math.inf, *HALF[2:]), LAST))),
        f"{NO_TRAINING} training_time is inf",
    ),
    "total time negative": (
        payload(message(total_time=-1.0)),
        f"{NO_TRAINING} total_time is -1.0 seconds",
    ),
    "total time NaN": (
        payload(message(total_time=math.nan)),
        f"{NO_TRAINING} total_time is nan",
    ),
    "parameters negative": (
        payload(message(parameters=-5)),
        f"{NO_TRAINING} trainable_parameters is -5, and not a whole number from 0 to 2,147,483,647",
    ),
    "an epoch that is none": (
        payload(message((FIRST, (1.5, *HALF[1:]), LAST))),
        (
            f"{NO_TRAINING} the evaluations are after 0, 1.5 and 4 epochs,"
            " and not after 0, a whole number between, and 4"
        ),
    ),
}


@pytest.mark.parametrize("name", BAD_RECORDS)
def test_a_bad_record_after_good_ones(good, tmp_path, name):
    bad, problem = BAD_RECORDS[name]
    path = write(tmp_path / "bad.tfrecord", [*good[:5], bad, *good[5:]])
    place, found = refusal(path)
    offset = sum(len(frame(one)) for one in good[:5])
    assert place == f"record 5, byte {offset:,}"
    if problem is None:
        assert found
    elif problem.endswith(" "):
        assert found.startswith(problem)
    else:
        assert found == f"{problem}."
    assert len(found) < 250


@pytest.mark.parametrize("piece_bytes", [400, 10_000_000])
def test_the_first_of_several_faults_is_named(good, tmp_path, piece_bytes):
    wrong_hash = payload(operations=OPERATIONS.replace("maxpool3x3", "conv1x1-bn-relu"))
    no_path = payload(bits="0" * 49)
    faults = {
        "its module hash": wrong_hash,
        "its cell is not legal": no_path,
        "it is not a JSON list": b"[]",
        "the CRC of the record's payload": None,
        "the file ends within": b"",
    }
    for order in (list(faults), list(faults)[-2::-1]):
        path = tmp_path / "bad.tfrecord"
        data = b"".join(map(frame, good))
        for problem in order:
            bad = faults[problem]
            damaged = frame(payload())[:-1] + b"\0"
            data += damaged if bad is None else (frame(bad) if bad else b"\x01")
        path.write_bytes(data)
        place, problem = refusal(path, piece_bytes=piece_bytes)
        assert place.startswith(f"record {len(good)}, ")
        assert problem.startswith(order[0])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fault_comes_out_of_worker_processes(good, tmp_path, workers):
    path = write(tmp_path / "bad.tfrecord", [*good * 20, b"[]", *good])
    place, problem = refusal(path, workers=workers, piece_bytes=20_000)
    assert place == f"record {20 * len(good)}, byte {20 * sum(len(frame(one)) for one in good):,}"
    assert problem == f"{FORM}, but a list of 0."


@pytest.mark.realdata
@pytest.mark.parametrize("kept", range(1, 318))
def test_a_genuine_file_cut_within_a_record(real_data, tmp_path, kept):
    data = (real_data / "tfrecord" / "epochs_4_spec_3V9E.tfrecord").read_bytes()
    path = tmp_path / "cut.tfrecord"
    path.write_bytes(data[: 318 + kept])
    place, problem = refusal(path)
    assert place == "record 1, byte 318"
    assert problem.startswith("the file ends ")


@pytest.mark.realdata
def test_every_flipped_bit_of_a_genuine_record_is_found(real_data, tmp_path):
    data = (real_data / "tfrecord" / "epochs_4_spec_3V9E.tfrecord").read_bytes()
    path = tmp_path / "flipped.tfrecord"
    for byte in range(318, 636, 5):
        damaged = bytearray(data)
        damaged[byte] ^= 1 << byte % 8
        path.write_bytes(damaged)
        part = "length" if byte < 330 else "payload"
        place, problem = refusal(path)
        assert place == "record 1, byte 318"
        assert problem.startswith(f"the CRC of the record's {part} is wrong")


def test_a_flipped_bit_that_leaves_a_good_record_is_found(tmp_path):
    # One digit of a metric: the record still reads well, so that its CRC alone tells.
    path = write(tmp_path / "flipped.tfrecord", [payload()] * 3)
    whole = path.read_bytes()
    size = len(whole) // 3
    found = 0
    for byte in range(size + 12, 2 * size - 4):
        damaged = bytearray(whole)
        damaged[byte] ^= 1
        path.write_bytes(damaged)
        place, problem = refusal(path)
        assert place == f"record 1, byte {size:,}"
        found += problem.startswith("the CRC of the record's payload is wrong")
    assert found == size - 16


def test_a_length_of_two_to_the_sixtieth(tmp_path):
    length = struct.pack("<Q", 2**60)
    path = tmp_path / "huge.tfrecord"
    path.write_bytes(frame(payload()) + length + frame(length)[-4:] + b"x" * 100)
    place, problem = refusal(path)
    assert place == f"record 1, byte {len(frame(payload())):,}"
    assert problem.startswith("the record claims 1,152,921,504,606,846,976 bytes")


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04" + b"\0" * 100, b"hash,epochs\n" * 10, b"\0" * 1000, b"x"]
)
def test_files_of_other_kinds(tmp_path, data):
    path = tmp_path / "other.tfrecord"
    path.write_bytes(data)
    place, _ = refusal(path)
    assert place == "record 0, byte 0"
