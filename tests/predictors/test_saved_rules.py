"""Rules for the parts of a saved model, at their bounds."""

from __future__ import annotations

import numpy as np
import pytest

from mbml.predictors.saved.rules import (
    RefusedError,
    flag,
    number,
    number_array,
    one_of,
    optional,
    plain,
    several,
    size,
    texts_of,
    whole_number,
)


@pytest.mark.parametrize("value", [0, 1])
def test_what_stands_at_a_bound_is_accepted(value):
    bounds = np.array([value, 0.5])
    assert np.array_equal(number_array(2, low=0, high=1)(bounds, {}), bounds)
    assert whole_number(0, 1)(value, {}) == value
    assert number(0, 1)(float(value), {}) == value


@pytest.mark.parametrize("value", [-1, 2, np.nan, np.inf])
def test_what_stands_past_a_bound_is_refused(value):
    with pytest.raises(RefusedError):
        number_array(2, low=0, high=1)(np.array([value, 0.5]), {})
    with pytest.raises(RefusedError):
        number(0, 1)(float(value), {})
    with pytest.raises(RefusedError):
        whole_number(0, 1)(value, {})


def test_gaps_are_accepted_where_the_rule_says_so():
    gaps = np.array([np.nan, 0.5])
    assert np.array_equal(number_array(2, low=0, high=1, gaps=True)(gaps, {}), gaps, equal_nan=True)
    with pytest.raises(RefusedError):
        number_array(2, low=0, high=1, gaps=True)(np.array([np.nan, 2.0]), {})


def nested(depth, wrap):
    value = 1
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: (one,), lambda one: {"x": one}])
def test_plain_values_are_nested_four_deep_at_most(wrap):
    assert plain(nested(4, wrap))
    assert not plain(nested(5, wrap))
    assert not plain(wrap([1, object()]))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1,
        0.5,
        "x" * 1000,
        np.float64(1),
        np.int64(1),
        np.bool_(1),
        [],
        {},
        [{}, (1, "x")],
    ],
)
def test_numbers_and_short_texts_are_plain(value):
    assert plain(value)


@pytest.mark.parametrize("value", ["x" * 10_001, b"x", object(), {1}, np.zeros(2), len, [b"x"]])
def test_anything_else_is_not_plain(value):
    assert not plain(value)


@pytest.mark.parametrize("value", [1, 2**31])
def test_a_size_is_known_from_where_it_is_named_first(value):
    sizes = {}
    assert size("rows")(value, sizes) == value
    assert sizes == {"rows": value}
    assert size("rows")(value, sizes) == value
    for other in (value + 1, value - 1):
        with pytest.raises(RefusedError):
            size("rows")(other, sizes)


@pytest.mark.parametrize("value", [0, -1, 2**31 + 1, 1.0, True, "1", None])
def test_no_other_number_is_a_size(value):
    with pytest.raises(RefusedError):
        size("rows")(value, {})


def test_the_name_of_a_size_is_a_bound_of_an_integer():
    sizes = {"rows": 3}
    assert whole_number(1, "rows")(3, sizes) == 3
    with pytest.raises(RefusedError, match="is 4, expected 1 to 3"):
        whole_number(1, "rows")(4, sizes)
    with pytest.raises(RefusedError, match=r"is 4, expected 3$"):
        whole_number("rows", "rows")(4, sizes)
    assert type(whole_number(0, 5)(np.int64(2), {})) is int


def test_an_array_has_the_lengths_that_were_named_first():
    sizes = {}
    number_array("rows", "features")(np.zeros((3, 2)), sizes)
    assert sizes == {"rows": 3, "features": 2}
    number_array("features")(np.zeros(2), sizes)
    for shape, message in (((2, 2), r"\(2, 2\), expected \(3, 2\)"), ((3,), "2 dimensions")):
        with pytest.raises(RefusedError, match=message):
            number_array("rows", "features")(np.zeros(shape), sizes)


@pytest.mark.parametrize("dtype", ["U3", "c16", "O", "b1"])
def test_arrays_of_other_things_hold_no_numbers(dtype):
    with pytest.raises(RefusedError, match="is no array of numbers"):
        number_array(2)(np.zeros(2, dtype), {})


@pytest.mark.parametrize(
    ("given", "exact", "found"),
    [
        ("f4", None, "f4"),
        ("f8", None, "f8"),
        ("i8", None, "f8"),
        ("u1", None, "f8"),
        ("f8", "i4", "i4"),
    ],
)
def test_numbers_are_floating_unless_compiled_code_takes_others(given, exact, found):
    made = number_array(3, exact=exact)(np.arange(6, dtype=given)[::2], {})
    assert made.dtype == found
    assert made.tolist() == [0, 2, 4]
    assert made.flags.c_contiguous or exact is None


def test_names_are_as_many_texts_as_columns():
    sizes = {}
    found = texts_of("features")(["a", "b"], sizes)
    assert (found.tolist(), found.dtype, sizes) == (["a", "b"], object, {"features": 2})
    for value in (["a"], ["a", 2], "ab", ("a", "b")):
        with pytest.raises(RefusedError):
            texts_of("features")(value, sizes)


def test_several_are_one_or_more_that_each_pass():
    rule = several(number(0, 1))
    assert rule([0.5, 1], {}) == [0.5, 1]
    for value in ([], [2.0], [0.5, None], (0.5,), 0.5):
        with pytest.raises(RefusedError):
            rule(value, {})


def test_one_of_a_few_values_is_of_their_type_too():
    rule = one_of(1, "x", None)
    assert [rule(one, {}) for one in (1, "x", None)] == [1, "x", None]
    for value in (True, 1.0, "1", "y", 0):
        with pytest.raises(RefusedError, match="expected 1 or 'x' or None"):
            rule(value, {})


def test_flags_are_true_or_false_and_some_never_true():
    assert [flag()(one, {}) for one in (True, False)] == [True, False]
    assert flag(never=True)(False, {}) is False  # noqa: FBT003
    for rule, value in (
        (flag(), 1),
        (flag(), None),
        (flag(never=True), True),
        (flag(never=True), 0),
    ):
        with pytest.raises(RefusedError):
            rule(value, {})


def test_optional_values_may_be_missing():
    rule = optional(number(0, 1))
    assert rule(None, {}) is None
    assert rule(1, {}) == 1
    assert rule.may_be_missing
    with pytest.raises(RefusedError):
        rule(2, {})


@pytest.mark.parametrize("value", [True, "1", None, 10**400, 1e18 * (1 + 1e-15), np.nan, -np.inf])
def test_numbers_are_finite_and_not_larger_than_products_can_be(value):
    with pytest.raises(RefusedError):
        number()(value, {})


@pytest.mark.parametrize("value", [1e18, -1e18, np.float32(0.5), np.int8(3), 7])
def test_numbers_may_be_of_any_kind(value):
    assert number()(value, {}) is value
