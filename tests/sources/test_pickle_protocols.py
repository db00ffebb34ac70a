"""Plain containers, pickled by Python at every protocol and in each way, are read back equal."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nas_records import TORCH_HEAD, arch, plain, release, run
from oracle import found_runs

from mbml.errors import SourceError
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.pickles.layouts import Layouts
from mbml.sources.pickles.torch_pickle import load

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def in_python(value, protocol):
    """Pickle by the pickler that is written in Python."""
    out = io.BytesIO()
    pickle._Pickler(out, protocol).dump(value)
    return out.getvalue()


PICKLERS = {
    "C": pickle.dumps,
    "Python": in_python,
    "optimized": lambda value, protocol: pickletools.optimize(pickle.dumps(value, protocol)),
}

SHARED = [1, "x"]
CONTAINERS = {
    "empty": [[], (), {}, set(), frozenset(), OrderedDict(), "", b"", bytearray()],
    "one": [[1], (1,), {1: 2}, {1}, frozenset({1})],
    "tuples": [(1, 2), (1, 2, 3), (1, 2, 3, 4), ((1,), (2, (3,)))],
    "numbers": [0, 1, -1, 255, 256, 65_535, 65_536, 1 << 31, -(1 << 31), 1 << 63, -(1 << 900)],
    "floats": [0.0, -0.0, 0.1, 1e308, 5e-324, -1e-7, 1e22, float("inf"), -float("inf")],
    "complex": [0j, 1.5 - 2j, complex("inf")],
    "truths": [True, False, None],
    "texts": ["x", "é", "\n\\\r\0\x1a", "\ud800", "日本", "😀", "'\"", "x" * 70_000, "\\u0041"],
    "bytes": [b"x", bytes(range(256)), b"x" * 70_000, bytearray(b"\0\xff")],
    "sets": [{1, 2, "x"}, frozenset({(1, "x"), frozenset({2}), None}), {0.5, 1j, b"x", True}],
    "keys": {1: "a", 0.5: "b", "x": 1, (1, "x"): 2, frozenset({1}): 3, None: 4, b"y": 5, 2j: 6},
    "nested": {"x": [{"y": ({"z"}, [[[[]]]])}, OrderedDict([("b", 1), ("a", [2])])]},
    "shared": [SHARED, SHARED, {"x": SHARED, "y": (SHARED, SHARED)}],
    "long": [list(range(2001)), {e: e / 2 for e in range(1001)}, set(range(1500))],
    "series": [OrderedDict((e, e / 3) for e in range(200)), {f"x@{e}": e / 3 for e in range(12)}],
}


@pytest.fixture
def read(tmp_path):
    """Read a pickle with and without the fast path; the values are the same."""

    def loaded(data):
        path = tmp_path / "file.pkl"
        path.write_bytes(data)
        found = plain(load(path))
        assert exactly(plain(load(path, layouts=Layouts())), found)
        return found

    return loaded


def exactly(found, expected) -> bool:
    """Equal, and of the same types; a float is the same if its bits are."""
    if isinstance(expected, dict):
        return type(found) is dict and exactly(list(found.items()), list(expected.items()))
    if type(found) is not type(expected):
        return False
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(exactly, found, expected))
    return repr(found) == repr(expected) if isinstance(expected, float) else found == expected


@pytest.mark.parametrize("pickler", PICKLERS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_are_read_back(read, name, protocol, pickler):
    assert exactly(read(PICKLERS[pickler](CONTAINERS[name], protocol)), CONTAINERS[name])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_container_stands_at_the_top_of_a_file(read, protocol):
    for values in CONTAINERS.values():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, list | tuple | dict | set | frozenset):
                assert exactly(read(pickle.dumps(value, protocol)), value)


def test_what_is_shared_is_shared(tmp_path):
    for protocol in PROTOCOLS:
        (tmp_path / "file.pkl").write_bytes(pickle.dumps([SHARED, (SHARED,)], protocol))
        found = load(tmp_path / "file.pkl")
        assert found[0] is found[1][0]


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 200), 1 << 200),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    st.text(),
    st.binary(),
    st.binary().map(bytearray),
)
KEYS = st.recursive(
    st.one_of(
        st.none(),
        st.integers(-(1 << 52), 1 << 52),
        st.floats(allow_nan=False),
        st.text(),
        st.binary(),
    ),
    lambda inner: st.one_of(st.tuples(inner, inner), st.frozensets(inner, max_size=3)),
    max_leaves=4,
)
TREES = st.recursive(
    st.one_of(LEAVES, st.sets(KEYS), st.frozensets(KEYS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner, inner, inner),
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4).map(OrderedDict),
        inner.map(lambda one: [one, (one, one)]),
    ),
    max_leaves=12,
).map(lambda tree: [tree])


@given(TREES, st.sampled_from(PROTOCOLS), st.sampled_from([*PICKLERS]))
def test_random_trees_are_read_back(tmp_path_factory, tree, protocol, pickler):
    path = tmp_path_factory.getbasetemp() / "tree.pkl"
    path.write_bytes(PICKLERS[pickler](tree, protocol))
    assert exactly(plain(load(path)), tree)


RELEASE = release(
    {
        0: {"full": arch(run(epochs=200), run("cifar100", 888, 200)), "less": arch(run())},
        1: {"less": arch(run("cifar10-valid"), index=1)},
    },
    names=[run()["arch_config"]["arch_str"]] * 2,
)


@pytest.mark.parametrize("pickler", PICKLERS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_release_is_read_from_every_protocol_and_container(tmp_path, protocol, pickler):
    path = tmp_path / "file.pth"
    dumps = PICKLERS[pickler]
    path.write_bytes(dumps(RELEASE, protocol))
    found = found_runs(NasBench201Source(path).batches())
    assert {index: len(runs) for index, runs in found.items()} == {0: 3, 1: 1}
    head = b"".join(pickle.dumps(one, 2) for one in TORCH_HEAD)
    if protocol > 1:  # torch.save writes protocol 2 or more
        path.write_bytes(head + dumps(RELEASE, protocol) + dumps([], protocol))
        assert found_runs(NasBench201Source(path).batches()) == found


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_indexes_may_be_a_set(tmp_path, protocol):
    path = tmp_path / "file.pth"
    path.write_bytes(pickle.dumps({**RELEASE, "evaluated_indexes": {0, 1}}, protocol))
    assert sorted(found_runs(NasBench201Source(path).batches())) == [0, 1]


PYTHON_2 = {
    "a text in quotes": (b"(S'a\\'\\x7f\\\\\\n'\nS\"b'\"\nt.", ("a'\x7f\\\n", "b'")),
    "texts of known length": (b"(U\x01aT\x01\0\0\0bt.", ("a", "b")),
    "a dictionary at once": (b"(I1\nVa\nI2\nVb\nd.", {1: "a", 2: "b"}),
    "a list at once": (b"(I1\nL-2L\nF1e+22\nI01\nl.", [1, -2, 1e22, True]),
}


@pytest.mark.parametrize("name", PYTHON_2)
def test_what_python_2_wrote_is_read(read, name):
    data, value = PYTHON_2[name]
    assert pickle.loads(data) == value
    assert exactly(read(data), value)


REFUSED = {
    "a record's text": (b"(S'\\xe9'\nt.", "a text cannot be read as ascii"),
    "an integer of 3,000 digits": (b"(L" + b"9" * 3000 + b"L\nt.", "an integer that is not"),
    "a line without an end": (b"(I1", "cut short"),
    "a key without a value": (b"(I1\nd.", "a key without a value"),
    "a list within itself as a key": (b"}(](h\x00ldNs.", "memo entry 0 is unknown"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_python_does_not_write_is_refused(read, name):
    data, message = REFUSED[name]
    with pytest.raises(SourceError, match=message):
        read(data)
