"""TFRecord framing: both CRCs, no trust in a length, truncation named wherever it is."""

from __future__ import annotations

import io
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from other_user import unprivileged
from records import frame, write

from mbml.errors import SourceError, UsageError
from mbml.sources.tfrecord.framing import masked_crc, record_header
from mbml.sources.tfrecord.pieces import MAX_PAYLOAD_BYTES, load_piece, pieces

ONE, TWO, THREE = frame(b"first"), frame(b"second"), frame(b"")


def payloads(path, **options):
    found = []
    for piece in pieces(path, **options):
        buffer, intact = load_piece(piece)
        assert intact.all()
        for start, length in zip(piece.starts().tolist(), piece.lengths.tolist(), strict=True):
            found.append(buffer[start : start + length])
    return found


def message_of(path):
    with pytest.raises(SourceError) as caught:
        list(pieces(path))
    return str(caught.value).removeprefix(f"{path}")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.tfrecord"


def test_the_crc_of_the_official_first_record():
    assert masked_crc(struct.pack("<Q", 401)) == 0x9BED2598
    assert record_header(401) == bytes.fromhex("9101000000000000 9825ed9b")


def test_the_published_check_value_of_crc_32c():
    crc = 0xE3069283
    expected = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert masked_crc(b"123456789") == expected


@given(st.lists(st.binary(max_size=300)), st.integers(1, 2000))
def test_what_is_written_is_read_back(tmp_path_factory, written, piece_bytes):
    path = tmp_path_factory.getbasetemp() / "written.tfrecord"
    write(path, [b"not empty", *written])
    assert payloads(path, piece_bytes=piece_bytes) == [b"not empty", *written]


def test_pieces_know_their_place(path):
    path.write_bytes(ONE + TWO + THREE)
    found = list(pieces(path, piece_bytes=21))
    assert [(piece.offset, piece.first_record, len(piece.lengths)) for piece in found] == [
        (0, 0, 1),
        (21, 1, 2),
    ]
    assert found[-1].end == len(ONE + TWO + THREE)
    parts = list(next(pieces(path)).parts(2))
    assert [(part.offset, part.first_record, part.end) for part in parts] == [
        (0, 0, 43),
        (43, 2, 59),
    ]


@pytest.mark.parametrize(
    ("kept", "where"),
    [
        (1, "within the record's length"),
        (7, "within the record's length"),
        (8, "within the CRC of the record's length"),
        (11, "within the CRC of the record's length"),
        (12, "after 0 of the record's 6 bytes"),
        (17, "after 5 of the record's 6 bytes"),
        (18, "within the CRC of the record's payload"),
        (21, "within the CRC of the record's payload"),
    ],
)
def test_truncation_is_named(path, kept, where):
    path.write_bytes(ONE + TWO[:kept])
    assert message_of(path) == (
        f", record 1, byte 21: the file ends {where}. Was the download or copy interrupted?"
    )


@pytest.mark.parametrize("byte", range(12))
def test_a_flipped_bit_in_a_length_or_its_crc(path, byte):
    damaged = bytearray(ONE + TWO)
    damaged[21 + byte] ^= 0x10
    path.write_bytes(damaged)
    assert message_of(path) == (
        ", record 1, byte 21: the CRC of the record's length is wrong."
        " The file is damaged, or not a TFRecord file."
    )


@pytest.mark.parametrize("byte", range(12, 22))
def test_a_flipped_bit_in_a_payload_or_its_crc(path, byte):
    damaged = bytearray(ONE + TWO + THREE)
    damaged[21 + byte] ^= 0x01
    path.write_bytes(damaged)
    [piece] = pieces(path)
    assert load_piece(piece)[1].tolist() == [True, False, True]


@pytest.mark.parametrize("length", [2**60, 2**63, 2**64 - 1, MAX_PAYLOAD_BYTES + 1])
def test_a_claimed_length_is_not_believed(path, length):
    path.write_bytes(ONE + record_header(length) + b"little")
    assert message_of(path) == (
        f", record 1, byte 21: the record claims {length:,} bytes, and none of this format has"
        " more than 1,048,576."
    )


def test_the_records_before_a_fault_are_handed_out(path):
    path.write_bytes(ONE + TWO + record_header(2**60))
    found = pieces(path)
    assert next(found).lengths.tolist() == [5, 6]
    with pytest.raises(SourceError):
        next(found)


def test_a_longest_record_is_read(path):
    long = os.urandom(MAX_PAYLOAD_BYTES)
    path.write_bytes(frame(long) + ONE)
    assert payloads(path) == [long, b"first"]


def test_shrinking_between_two_records_is_noticed(path):
    path.write_bytes(ONE * 10_000)
    found = pieces(path, piece_bytes=21)
    next(found)
    os.truncate(path, 21 * 5_000)
    with pytest.raises(SourceError) as caught:
        list(found)
    assert str(caught.value) == (
        f"{path}, record 5,000, byte 105,000: the file shrank from 210,000 to 105,000 bytes while"
        " it was read. Let the download or copy end first."
    )


def test_shrinking_before_the_payloads_are_read_is_noticed(path):
    path.write_bytes(ONE * 100)
    [piece] = pieces(path)
    os.truncate(path, 30)
    with pytest.raises(SourceError, match="byte 30: the file shrank while it was read"):
        load_piece(piece)
    os.truncate(path, 0)
    with pytest.raises(SourceError, match="is empty"):
        load_piece(piece)
    path.unlink()
    with pytest.raises(SourceError, match="the file was removed while it was read"):
        load_piece(piece)


def test_another_file_in_its_place_is_noticed(path):
    path.write_bytes(ONE * 2)
    [piece] = pieces(path)
    other = path.with_name("other")
    other.write_bytes(TWO * 2)
    other.replace(path)
    with pytest.raises(SourceError, match="another file took its place"):
        load_piece(piece)


def test_paths_that_name_no_file(tmp_path):
    with pytest.raises(UsageError, match=r"nothing\.tfrecord does not exist"):
        next(pieces(tmp_path / "nothing.tfrecord"))
    with pytest.raises(UsageError, match="is a folder; name the file in it"):
        next(pieces(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is not a regular file"):
        next(pieces(tmp_path / "pipe"))
    (tmp_path / "empty").touch()
    with pytest.raises(SourceError, match="empty: is empty"):
        next(pieces(tmp_path / "empty"))


def test_a_file_without_read_permission(path):
    path.write_bytes(ONE)
    path.chmod(0)
    with (
        unprivileged(path.parent),
        pytest.raises(SourceError, match=r"file\.tfrecord: cannot be read: Permission denied"),
    ):
        next(pieces(path))


def test_a_failing_disk(path):
    class Failing(io.BytesIO):
        def read(self, *_):
            raise OSError(5, "Input/output error")

    from mbml.sources.files import read_bytes

    with pytest.raises(SourceError, match="cannot be read on: Input/output error"):
        read_bytes(Failing(), path, 1)
