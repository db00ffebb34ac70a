"""The memo of a pickle: what is put, what is found again, and what is forgotten with a record."""

from __future__ import annotations

import pytest

from mbml.sources.pickles.memo import Memo
from mbml.sources.pickles.values import Dtype, Global, KeyList, PickleFaultError

KEYS = KeyList(["x-valid@0", "x-valid@1", "x-valid@2"])


def unknown(index):
    return pytest.raises(PickleFaultError, match=f"memo entry {index} is unknown")


def test_indexes_only_grow():
    memo = Memo(10)
    memo.put(3, "three")
    memo.put(7, "seven")
    assert memo.next_index == 8
    assert (memo.get(3), memo.get(7)) == ("three", "seven")
    for index in (7, 5, 0):
        with pytest.raises(PickleFaultError, match=f"entry {index} is put out of order"):
            memo.put(index, "again")
    for index in (5, 8, 100):
        with unknown(index):
            memo.get(index)


def test_texts_are_found_one_by_one_and_together():
    memo = Memo(10)
    memo.put(2, "before")
    memo.put_texts(3, KEYS)
    memo.put_texts(10, KeyList(["y@0"]))
    assert memo.next_index == 11
    assert [memo.get(index) for index in (2, 3, 4, 5, 10)] == ["before", *KEYS.texts, "y@0"]
    for index in (6, 9, 11):
        with unknown(index):
            memo.get(index)
    assert memo.texts(3, 3) is KEYS
    for first, size in ((3, 2), (3, 4), (4, 2), (2, 3), (10, 3), (11, 1), (0, 3)):
        assert memo.texts(first, size) is None
    assert len(memo.texts(10, 1)) == 1


def test_a_value_that_is_none_is_found():
    memo = Memo(10)
    memo.put(0, None)
    assert memo.get(0) is None


def test_a_record_leaves_names_and_builders_alone():
    memo = Memo(10)
    kept = {0: "cifar10-valid", 1: Global(len), 2: Dtype("f8"), 9: "a" * 40, 10: "x_1.2"}
    gone = {3: ["a list"], 4: 7, 5: b"bytes", 6: "a" * 41, 7: "two words", 8: "x@1", 11: ""}
    memo.forget()  # before the first record other texts are names
    for index, value in sorted((kept | gone).items()):
        memo.put(index, value)
    memo.put_texts(12, KEYS)
    memo.forget()
    assert memo.kept == kept
    for index in (*gone, 12):
        with unknown(index):
            memo.get(index)
    assert memo.texts(12, 3) is None
    assert memo.get(10) == "x_1.2"
    assert memo.next_index == 15


@pytest.mark.parametrize(
    ("text", "stays"),
    [("|nor_conv_3x3~0|", True), ("a" * 200, True), ("a" * 201, False), ("x-valid@1", False)],
)
def test_before_the_first_record_architecture_strings_are_names_too(text, stays):
    memo = Memo(10)
    memo.put(0, text)
    memo.forget()
    assert (memo.kept == {0: text}) == stays


def test_of_a_name_that_is_written_anew_sixteen_indexes_are_kept():
    memo = Memo(100)
    for record in range(20):
        memo.put(2 * record, "cifar10")
        memo.put(2 * record + 1, f"other{record}")
        memo.forget()
    assert [index for index, text in memo.kept.items() if text == "cifar10"] == [
        2 * record for record in range(16)
    ]
    assert len(memo.kept) == 16 + 20


def test_no_more_names_are_kept_than_the_limit():
    memo = Memo(2)
    memo.put(0, "a")
    memo.put(1, "b")
    memo.forget()
    memo.put(2, "c")
    with pytest.raises(PickleFaultError, match="more than 2 names are shared between records"):
        memo.forget()


def test_a_branch_goes_on_from_the_same_place_and_alone():
    memo = Memo(5)
    memo.is_explicit = True
    for index in range(4):
        memo.put(index, "name" if index < 3 else "other")
    memo.forget()
    twin = memo.branch()
    assert (twin.next_index, twin.is_explicit, twin.kept) == (4, True, memo.kept)
    assert twin.get(3) == "other"
    with pytest.raises(PickleFaultError):
        twin.put(3, "x")
    # It has met a record, so that only names stay, and counts on.
    twin.put(4, "|no name|")
    twin.put(5, "own")
    twin.forget()
    assert set(twin.kept) == {0, 1, 2, 3, 5}
    assert set(memo.kept) == {0, 1, 2, 3}
    twin.put(6, "sixth")
    with pytest.raises(PickleFaultError, match="more than 5 names"):
        twin.forget()
    for index in range(4, 24):
        memo.put(index, "name")
    with pytest.raises(PickleFaultError, match="more than 5 names"):
        memo.forget()


def test_a_branch_counts_a_name_s_indexes_on():
    memo = Memo(100)
    for index in range(15):
        memo.put(index, "name")
    memo.forget()
    twin = memo.branch()
    for index in range(15, 18):
        twin.put(index, "name")
    twin.forget()
    assert list(twin.kept) == list(range(16))
