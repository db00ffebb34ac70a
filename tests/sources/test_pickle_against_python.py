"""Plain containers and numpy's numbers, read as Python's own unpickler reads them, bit for bit.

With `--hypothesis-profile=long` the first test tries 12,000 cases.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
import warnings
from collections import Counter, OrderedDict, defaultdict
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from nas_records import legacy, torch_zip
from python_unpickler import python_loads, same

from mbml.errors import SourceError
from mbml.sources.pickles.layouts import Layouts
from mbml.sources.pickles.torch_pickle import load

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
_whichmodule = pickle.whichmodule


def in_python(value, protocol):
    """Pickle by the pickler that is written in Python."""
    out = io.BytesIO()
    pickle._Pickler(out, protocol).dump(value)
    return out.getvalue()


def as_numpy_1(value, protocol):
    """Pickle with the names that numpy 1 has; Python's own pickler asks for them here."""

    def name(*arguments):
        return _whichmodule(*arguments).replace("numpy._core", "numpy.core")

    with mock.patch("pickle.whichmodule", name), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return in_python(value, protocol)


def optimized(value, protocol):
    return pickletools.optimize(pickle.dumps(value, protocol))


PICKLERS = {"C": pickle.dumps, "Python": in_python, "numpy 1": as_numpy_1, "optimized": optimized}

#: NaN of other signs and payloads, and a zero below zero.
ODD_BITS = (0x7FF8000000000001, 0xFFF8000000000000, 0x7FF0000000000001, 1 << 63)
BITS = st.one_of(st.integers(0, (1 << 64) - 1), st.sampled_from(ODD_BITS))
FLOATS = BITS.map(lambda bits: struct.unpack("<d", bits.to_bytes(8, "little"))[0])
CODES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")


@st.composite
def arrays(draw):
    """An array of numbers of any bits: shape, type, byte order, order of axes, a view or whole."""
    kind = np.dtype(draw(st.sampled_from("<>")) + draw(st.sampled_from(CODES)))
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=3)))
    size = int(np.prod(shape, dtype=int))
    least, most = (0, 1) if kind.kind == "b" else (0, 255)
    data = draw(
        st.lists(
            st.integers(least, most), min_size=size * kind.itemsize, max_size=size * kind.itemsize
        )
    )
    array = np.frombuffer(bytes(data), kind).reshape(shape, order=draw(st.sampled_from("CF")))
    if draw(st.booleans()):
        array = array.copy(order="K")  # what may be written to is pickled in another way
    return array[..., ::-1] if array.ndim and draw(st.booleans()) else array


SCALARS = arrays().filter(lambda one: one.size).map(lambda one: one.reshape(-1)[0])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 200), 1 << 200),
    FLOATS,
    st.builds(complex, FLOATS, FLOATS),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.binary(max_size=8).map(bytearray),
    st.sampled_from([list, dict, set, int, float, str]),
    arrays(),
    SCALARS,
)
KEYS = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(1 << 52), 1 << 52),
        st.floats(allow_nan=False),
        st.text(max_size=4),
        st.binary(max_size=4),
    ),
    lambda inner: st.one_of(st.tuples(inner, inner), st.frozensets(inner, max_size=3)),
    max_leaves=3,
)
EPOCHS = st.lists(FLOATS, max_size=14).map(lambda values: dict(enumerate(values)))
POINTS = st.lists(FLOATS, max_size=14).map(
    lambda values: {f"x@{e}": v for e, v in enumerate(values)}
)


def _within_itself(one):
    """A list, a dictionary and a tuple that hold themselves, beside a value."""
    deep = [one]
    deep.append({"again": deep, "pair": (deep, one)})
    return deep


def _tuple_within_itself(one):
    inner = []
    outer = (one, inner)
    inner.append(outer)
    return outer


def _containers(inner):
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=5).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4).map(OrderedDict),
        st.builds(
            defaultdict,
            st.sampled_from([None, list, dict, int, float, set]),
            st.dictionaries(KEYS, inner, max_size=3),
        ),
        inner.map(lambda one: [one, (one, one), {"x": one}]),
        inner.map(_within_itself),
        inner.map(_tuple_within_itself),
    )


TREES = st.recursive(
    st.one_of(
        LEAVES,
        st.sets(KEYS, max_size=4),
        st.frozensets(KEYS, max_size=4),
        st.lists(KEYS, max_size=6).map(Counter),
        EPOCHS,
        POINTS,
    ),
    _containers,
    max_leaves=10,
)
CASES = st.tuples(TREES, st.sampled_from(PROTOCOLS), st.sampled_from(sorted(PICKLERS)))
#: Shared by all, as the readers of a benchmark share them.
LAYOUTS = Layouts()


def check(path, case):
    tree, protocol, pickler = case
    try:
        # A bare number is no file: it stands in a list.
        data = PICKLERS[pickler]([tree], protocol)
    except AssertionError:
        reject()  # the pickler in Python trips over an empty byte string beside an empty array
    path.write_bytes(data)
    expected = python_loads(data)
    assert same(load(path), expected)
    assert same(load(path, layouts=LAYOUTS), expected)


@settings(max_examples=2 * settings().max_examples)
@given(case=CASES)
def test_any_nesting_is_read_as_python_reads_it(tmp_path_factory, case):
    check(tmp_path_factory.getbasetemp() / "tree.pkl", case)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_arrays_are_read_from_the_containers_of_torch(tmp_path, protocol):
    value = {"x": [np.arange(6.0).reshape(2, 3), np.float32(0.1)], "y": defaultdict(list, {1: [2]})}
    expected = python_loads(pickle.dumps(value, protocol))
    for name, wrap in (("legacy", legacy), ("zip", torch_zip)):
        if name == "zip" or protocol > 1:  # the legacy container begins with a pickle of protocol 2
            (tmp_path / name).write_bytes(wrap(value, protocol))
            assert same(load(tmp_path / name), expected)


PYTHON_2 = {
    "an ordered dictionary of pairs": b"ccollections\nOrderedDict\n((lp0\n(lp1\nS'b'\naI1\naa(lp2\n"
    b"S'a'\naI2\naatR.",
    "a default dictionary": b"ccollections\ndefaultdict\n(c__builtin__\nlist\ntRS'x'\n"
    b"(lp0\nI1\nas.",
    "an array": b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\nt"
    b"cnumpy\ndtype\n(S'i2'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\n"
    b"S'\\x01\\x00\\x02\\x00'\ntb.",
    "an array that is never filled": b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
    b"(I0\ntS'b'\ntR.",
    "a byte array": b"c__builtin__\nbytearray\n(V\xe9x\nS'latin-1'\ntR.",
}


@pytest.mark.parametrize("name", PYTHON_2)
def test_what_python_2_writes_is_read_as_python_reads_it(tmp_path, name):
    data = b"(l" + PYTHON_2[name][:-1] + b"a."
    (tmp_path / "file.pkl").write_bytes(data)
    expected = python_loads(data)
    assert len(expected) == 1
    assert same(load(tmp_path / "file.pkl"), expected)


def _array(shape=b"K\x02\x85", dtype=b"\x8c\x02i2", data=b"C\x041234"):
    return (
        b"\x80\x04(cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01"
        + shape
        + b"cnumpy\ndtype\n("
        + dtype
        + b"\x89\x88tR\x89"
        + data
        + b"tbl."
    )


HUGE = b"\x8a\x08" + bytes([255] * 7) + b"\x3f"
REFUSED = {
    "more bytes than numbers": (_array(data=b"C\x0512345"), "5 bytes, where its shape asks for 4"),
    "a shape without its bytes": (_array(HUGE + b"\x85"), "an impossible shape"),
    "a large shape": (_array(b"J\xff\xff\xff\x7f\x85"), "shape asks for 4,294,967,294"),
    "large and empty": (_array(b"K\x00" + HUGE + HUGE + b"\x87", data=b"C\x00"), "an impossible"),
    "below zero": (_array(b"J\xff\xff\xff\xff\x85"), "an impossible shape"),
    "a truth as a size": (_array(b"\x88\x85"), "an impossible shape"),
    "a list as a shape": (_array(b"]"), "BUILD with a state"),
    "of objects": (_array(dtype=b"\x8c\x02O8", data=b"]"), "a numpy dtype 'O8'"),
    "of texts": (_array(dtype=b"\x8c\x02U1"), "a numpy dtype 'U1'"),
    "of dates": (_array(dtype=b"\x8c\x02M8"), "a numpy dtype 'M8'"),
    "a list of items": (_array(data=b"]"), "BUILD with a state"),
    "a state twice": (_array()[:-2] + b"Nbl.", "BUILD sets the state of a numpy array"),
    "the class called": (b"\x80\x04cnumpy\nndarray\n)R.", "calls the class of numpy arrays"),
    "made of another class": (
        b"\x80\x04cnumpy.core.multiarray\n_reconstruct\n(cnumpy\ndtype\nK\x00\x85C\x01btR.",
        "not made as numpy makes it",
    ),
    "a type called": (b"\x80\x04c__builtin__\nlist\n)R.", "calls a type of Python"),
    "a factory that is a value": (
        b"\x80\x04ccollections\ndefaultdict\nK\x01\x85R.",
        "arguments other than a type",
    ),
    "pairs of three": (
        b"\x80\x04ccollections\nOrderedDict\n]]K\x01aa\x85R.",
        "of what is not pairs",
    ),
    "a list as a key of a pair": (
        b"\x80\x04ccollections\nOrderedDict\n]]]aK\x01aa\x85R.",
        "a list of 0 items as a key",
    ),
    "counts of a list": (b"\x80\x04ccollections\nCounter\n]\x85R.", "other than a dict"),
    "two bytes of a scalar": (
        b"\x80\x04cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(\x8c\x02i4\x89\x88tRC\x02abtR.",
        "a numpy scalar i4 of 2 bytes",
    ),
    "bytes as a text that is not ASCII": (
        b"\x80\x04cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(\x8c\x02i1\x89\x88tR\x8c\x02\xc3\xa9tR.",
        "a text that is not ASCII",
    ),
    "an array as a key": (_array()[:-2] + b"lK\x01\x85R.", "REDUCE calls"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_numpy_and_python_do_not_write_is_refused(tmp_path, name):
    data, message = REFUSED[name]
    (tmp_path / "file.pkl").write_bytes(data)
    with pytest.raises(SourceError, match=message):
        load(tmp_path / "file.pkl")


def test_an_array_counts_as_text(tmp_path):
    path = tmp_path / "file.pkl"
    path.write_bytes(pickle.dumps([np.zeros(200_000)]))
    with pytest.raises(SourceError, match="a text of 1,600,000 bytes, over the limit 1,048,576"):
        load(path)
    path.write_bytes(pickle.dumps([np.zeros(100_000) for _ in range(50)]))
    with pytest.raises(SourceError, match="more than 33,554,432 bytes of text"):
        load(path)


class CountAgain:
    """Pickled as a Counter of one large dictionary, which the file holds once."""

    counts = dict.fromkeys(range(60_000), 1)

    def __reduce__(self):
        return Counter, (self.counts,)


def test_what_is_copied_counts_as_steps(tmp_path):
    (tmp_path / "file.pkl").write_bytes(pickle.dumps([CountAgain() for _ in range(20)]))
    with pytest.raises(SourceError, match="more than 1,000,000 opcodes"):
        load(tmp_path / "file.pkl")


FOREIGN = {
    "pandas.core.frame.DataFrame": r"a pandas object.*pandas\.read_pickle\('FILE'\)\.to_parquet",
    "pandas._libs.internals._unpickle_block": "a pandas object",
    "torch._utils._rebuild_tensor_v2": "PyTorch tensors or models, which are not read",
    "sklearn.linear_model._ridge.Ridge": "a scikit-learn model",
    "nasbench.api.NASBench": "objects of the NAS-Bench-101 API",
    "nas_201_api.api_201.NASBench201API": "objects of the NAS-Bench-201 API",
    "somewhere.Else": "which this format never does; nothing was imported",
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_objects_of_other_packages_are_named_for_what_they_are(tmp_path, name, protocol):
    module, _, attribute = name.rpartition(".")
    data = {
        0: f"c{module}\n{attribute}\n)R.".encode(),
        2: f"\x80\x02c{module}\n{attribute}\n)\x81.".encode("latin-1"),
        4: b"\x80\x04\x8c%c%s\x8c%c%s\x93)R."
        % (len(module), module.encode(), len(attribute), attribute.encode()),
    }[protocol]
    (tmp_path / "file.pkl").write_bytes(data)
    with pytest.raises(SourceError, match=FOREIGN[name]) as caught:
        load(tmp_path / "file.pkl")
    assert f"'{module}'.'{attribute}'" in str(caught.value)
