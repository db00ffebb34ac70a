"""Values of a table as the warehouse's types: each is kept exactly, or the first is refused.

The value decides, not the type that a file gives its column: 200, 200.0 and the text ``2e2`` are
the same whole number, 199.7 and a date are none. A double must say again every digit of what was
written: an integer beyond 2**53 that it would round is refused, and so is such a decimal.
"""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from math import isfinite
from sys import float_info
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from mbml.errors import SourceError, UsageError
from mbml.sources.tables.outside import faults_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

_Type = type[pl.DataType]

#: The column with the number of each row, from 1; no file is expected to have one of this name.
ROW: Final = "number of the row"
_SHOWN = 60
#: A decimal of so many digits or fewer is never changed by the way through a double.
_SAFE_DIGITS = 15
#: Below this, doubles begin to lack digits.
_TINY = 1e-300
#: No double has more digits than this, written out in full.
_MOST_DIGITS = 800
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")
_INFINITE: Final = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_DECIMAL_COMMA: Final = re.compile(r"'[0-9]+,[0-9]+'")
_MISSING: Final = frozenset({"nan", "na", "n/a", "null", "none", "-", ""})
_TRUTH: Final = {"true": True, "True": True, "TRUE": True} | dict.fromkeys(
    ("false", "False", "FALSE"), False
)


class ValueKind(NamedTuple):
    """What a column holds.

    Attributes
    ----------
    dtype
        `String`, `Boolean`, `Float64`, or an unsigned integer, which bounds whole numbers.
    expected
        What a value must be, for errors.
    fits
        Which values are possible; all, if None.
    advice
        From a value that does not fit to the next step, if it shows what went wrong.
    factor
        What turns a value of the table into the column's unit; None if it is in it.
    """

    dtype: _Type
    expected: str
    fits: Callable[[pl.Series], pl.Series] | None = None
    advice: Callable[[float], str] | None = None
    factor: Decimal | None = None

    def times(self, factor: Decimal) -> ValueKind:
        """Return the kind of a column in another unit: its decimals times a factor fit this one."""
        if self.dtype not in (pl.Float64, pl.UInt16, pl.UInt32, pl.UInt64):
            raise UsageError(f"only columns of numbers can be scaled, not one of {self.expected}")
        expected = f"a number that is {self.expected}, when multiplied by {factor:f}"
        if factor == _HUNDREDTH:
            expected = "a number of percent in [0, 100]"
        return self._replace(expected=expected, advice=None, factor=factor)


_HUNDREDTH: Final = Decimal("0.01")


def _in_millions(value: float) -> str:
    if value <= 0 or value == int(value):
        return ""
    return (
        "The column seems to be in millions: multiply it by 1,000,000 and round the result."
        " `scale={name}=1e6` multiplies, where the results are whole."
    )


def _in_percent(value: float) -> str:
    if not 1 < value <= 100:
        return ""
    return "The column seems to be in percent: divide it by 100. `percent={name}` does that."


def _whole(bits: int, dtype: _Type, advice: Callable[[float], str] | None = None) -> ValueKind:
    return ValueKind(dtype, f"a whole number from 0 to {2**bits - 1:,}", advice=advice)


TEXT: Final = ValueKind(pl.String, "text")
TRUTH: Final = ValueKind(pl.Boolean, "true, false, 1 or 0")
WHOLE_16: Final = _whole(16, pl.UInt16)
WHOLE_32: Final = _whole(32, pl.UInt32)
PARAMETERS: Final = _whole(32, pl.UInt32, _in_millions)
#: Views hand them out as signed integers.
FLOPS: Final = ValueKind(
    pl.UInt64,
    f"a whole number from 0 to {2**63 - 1:,}",
    fits=lambda values: values < 2**63,
    advice=_in_millions,
)
FRACTION: Final = ValueKind(
    pl.Float64, "a fraction in [0, 1]", lambda values: values.is_between(0, 1), _in_percent
)
SECONDS: Final = ValueKind(
    pl.Float64, "finite seconds, 0 or more", lambda values: values.is_finite() & (values >= 0)
)
#: That of a diverged training may be infinite or NaN, which compares as greater than any number.
LOSS: Final = ValueKind(pl.Float64, "a loss, 0 or more", lambda values: values >= 0)
FINITE: Final = ValueKind(pl.Float64, "a finite number", lambda values: values.is_finite())


def one_of(names: Collection[str]) -> ValueKind:
    """Return the kind of a column that holds some names alone."""
    return ValueKind(
        pl.String, f"one of {', '.join(names)}", lambda values: values.is_in(list(names))
    )


def exact(path: Path, table: pl.DataFrame, kinds: Mapping[str, ValueKind]) -> pl.DataFrame:
    """Convert columns of a table; null stays null.

    Parameters
    ----------
    path
        The file, for errors.
    table
        Some of its rows, with the number of each in the column `ROW`.
    kinds
        What the columns to convert hold, by name.

    Raises
    ------
    SourceError
        A value does not fit; the message has column, row, value and what is expected.
    """
    table = table.clone()
    with faults_of(path):
        for name, kind in kinds.items():
            given = table[name]
            values = converted(given, kind)
            if values.null_count() > given.null_count():
                [misfit, *_] = (values.is_null() & given.is_not_null()).arg_true()
                raise _refusal(path, table[ROW][misfit], kind, given.slice(misfit, 1))
            # In place: texts take more memory than the numbers that they become.
            table.replace_column(table.get_column_index(name), values)
    return table


def refuse_missing(path: Path, values: pl.Series, expected: str, rows: pl.Series) -> None:
    """Refuse null where a value is needed.

    Raises
    ------
    SourceError
        A value is null; the message has column, row and what is expected.
    """
    if values.null_count():
        row = rows.filter(values.is_null())[0]
        raise SourceError(path, place(row, values.name), f"expected {expected}, got no value")


def place(row: int, name: str) -> str:
    """Return where in a table a value stands, for errors."""
    return f"row {row}, column {name!r}"


def converted(given: pl.Series, kind: ValueKind) -> pl.Series:
    """Return values in the type of their kind; null where one does not fit."""
    if given.null_count() == len(given):
        return _nulls(given, kind.dtype)
    if given.dtype in (pl.Categorical, pl.Enum):
        given = given.cast(pl.String)
    elif given.dtype == pl.Binary:
        given = _utf8(given)
    values = given
    if kind.factor is not None:
        values = _products(given, kind.factor, kind.dtype)
    elif given.dtype != kind.dtype:
        values = _CONVERTERS.get(kind.dtype, _whole_numbers)(given)
        values = values.cast(kind.dtype, strict=False)
    return values if kind.fits is None else _where(kind.fits(values), values)


def _where(kept: pl.Series, values: pl.Series) -> pl.Series:
    kept = kept.fill_null(value=False)
    if kept.all():  # nearly always, and that needs no copy
        return values
    return values.zip_with(kept, values.clear(len(values)))


def _nulls(given: pl.Series, dtype: _Type) -> pl.Series:
    """Return as many nulls as there are values, none of which is of the kind."""
    return given if given.dtype == dtype else pl.Series(given.name, [], dtype).clear(len(given))


def _utf8(given: pl.Series) -> pl.Series:
    try:
        return given.cast(pl.String)
    except pl.exceptions.ComputeError:
        texts = [one if one is None else _decoded(one) for one in given]
        return pl.Series(given.name, texts, dtype=pl.String)


def _decoded(one: bytes) -> str | None:
    try:
        return one.decode()
    except UnicodeDecodeError:
        return None


def _texts(given: pl.Series) -> pl.Series:
    return given if given.dtype == pl.String else _nulls(given, pl.String)


def _truths(given: pl.Series) -> pl.Series:
    if given.dtype == pl.String:
        known = given.replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
    else:
        known = _nulls(given, pl.Boolean)
    numbers = _whole_numbers(given)
    return known.zip_with(known.is_not_null(), _where(numbers <= 1, numbers).cast(pl.Boolean))


def _whole_numbers(given: pl.Series) -> pl.Series:
    """Return whole numbers from 0 on as UInt64."""
    if given.dtype == pl.String:
        values = given.cast(pl.UInt64, strict=False)
        return _by_text(given, values, values.is_null() & given.is_not_null(), _whole_number)
    if given.dtype.is_decimal():
        return _whole_numbers(given.cast(pl.String))
    if given.dtype.is_integer():
        return given.cast(pl.UInt64, strict=False)
    if given.dtype.is_float():
        values = given.cast(pl.UInt64, strict=False)
        return _where(values.cast(given.dtype) == given, values)
    return _nulls(given, pl.UInt64)


def _doubles(given: pl.Series) -> pl.Series:
    if given.dtype == pl.String:
        values = given.cast(pl.Float64, strict=False)
        plain = given.str.len_bytes() <= _SAFE_DIGITS
        if not plain.all():
            plain |= values.cast(pl.String) == given
        doubtful = values.is_infinite() | (values.abs() < _TINY)
        return _by_text(given, values, values.is_not_nan() & (doubtful | ~plain), _double)
    if given.dtype.is_decimal():
        return _doubles(given.cast(pl.String))
    if given.dtype.is_integer():
        values = given.cast(pl.Float64)
        return _where(values.cast(given.dtype, strict=False) == given, values)
    return given.cast(pl.Float64) if given.dtype.is_float() else _nulls(given, pl.Float64)


def _products(given: pl.Series, factor: Decimal, dtype: _Type) -> pl.Series:
    """Multiply numbers as decimals, as they are written or in as few digits as tell them apart."""
    if given.dtype != pl.String and not given.dtype.is_numeric():
        return _nulls(given, dtype)
    texts = given.cast(pl.String)
    distinct = texts.drop_nulls().unique()
    widest = pl.Float64 if dtype == pl.Float64 else pl.UInt64
    found = pl.Series([_product(text, factor, dtype) for text in distinct], dtype=widest)
    values = texts.replace_strict(distinct, found, default=None, return_dtype=widest)
    return values.cast(dtype, strict=False)


def _product(text: str, factor: Decimal, dtype: _Type) -> float | None:
    """Return a whole number, or the double nearest to the exact product."""
    if len(text) > _MOST_DIGITS or not _NUMBER.fullmatch(text):
        return None
    with localcontext(prec=2 * _MOST_DIGITS):
        product = Decimal(text) * factor
    if dtype != pl.Float64:
        return _whole_number(str(product))
    value = float(product)
    if _is_lost(value, product):
        return None
    return value if _double(text) is not None and isfinite(value) else None


def _is_lost(value: float, product: Decimal) -> bool:
    """Tell whether a double is so small that it lacks digits of the product, or all of them."""
    return abs(value) < float_info.min and product != 0


def _by_text(
    texts: pl.Series,
    values: pl.Series,
    doubtful: pl.Series,
    read: Callable[[str], float | None],
) -> pl.Series:
    """Read the doubtful ones of the texts one by one; they are few, or few are distinct."""
    if not doubtful.any():
        return values
    distinct = texts.filter(doubtful).unique()
    found = pl.Series([read(text) for text in distinct], dtype=values.dtype)
    read_again = texts.replace_strict(distinct, found, default=None, return_dtype=values.dtype)
    return values.zip_with(~doubtful.fill_null(value=False), read_again)


def _whole_number(text: str) -> int | None:
    if len(text) > _MOST_DIGITS or not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    # The exponent first: written out, a number could have a million digits.
    if number.adjusted() > 20 or number < 0 or number != number.to_integral_value():
        return None
    return int(number) if number < 2**64 else None


def _double(text: str) -> float | None:
    if _INFINITE.fullmatch(text):
        return float(text)
    if len(text) > _MOST_DIGITS or not _NUMBER.fullmatch(text):
        return None
    value, number = float(text), Decimal(text)
    if not isfinite(value):
        return None
    # Doubles are written in as few digits as tell them apart, or in a fixed number of digits.
    digits = len(number.as_tuple().digits)
    written = (repr(value), f"{value:.{digits - 1}e}")
    return value if number in map(Decimal, written) else None


#: The days of Python's dates, from 1970 on.
_DAYS: Final = (-719_162, 2_932_896)
_IN_A_DAY: Final = {"days": 1, "ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}

_CONVERTERS: Final[dict[_Type, Callable[[pl.Series], pl.Series]]] = {
    pl.String: _texts,
    pl.Boolean: _truths,
    pl.Float64: _doubles,
}


def _refusal(path: Path, row: int, kind: ValueKind, given: pl.Series) -> SourceError:
    where, shown, number = place(row, given.name), _shown(given), _number(given)
    hint = ""
    if kind.factor is None and number is not None and _fits(kind, number):
        hint = f"A double cannot hold all its digits: round it to {_SAFE_DIGITS} of them."
    elif kind.factor is not None and _is_too_small(given, kind.factor):
        hint = (
            f"The product with {kind.factor:f} is too small for a double: write 0, or leave it"
            " empty."
        )
    elif number is not None and kind.advice is not None:
        hint = kind.advice(number).format(name=given.name)
    elif _DECIMAL_COMMA.fullmatch(shown):
        hint = "Write decimals with a point."
    elif shown.strip("'").lower() in _MISSING:
        hint = "Leave a value that was not measured empty."
    return SourceError(path, where, f"expected {kind.expected}, got {shown}", hint)


def _is_too_small(given: pl.Series, factor: Decimal) -> bool:
    text = str(given.item())
    if not _NUMBER.fullmatch(text):
        return False
    with localcontext(prec=2 * _MOST_DIGITS):
        product = Decimal(text) * factor
    return product > 0 and _is_lost(float(product), product)


def _fits(kind: ValueKind, number: float) -> bool:
    if kind.dtype != pl.Float64:
        return False
    return kind.fits is None or bool(kind.fits(pl.Series([number])).all())


def _number(given: pl.Series) -> float | None:
    """Return a refused value as a number, where it is a finite one."""
    if not given.dtype.is_numeric() and given.dtype != pl.String:
        return None
    value = given.item()
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    number = float(value)
    return number if isfinite(number) else None


def _shown(given: pl.Series) -> str:
    """Return a refused value exactly, but cut where it is long; with its type if it is unusual."""
    if given.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Binary):
        whole = given.item()
        return repr(whole[:_SHOWN]) + ("..." if len(whole) > _SHOWN else "")
    if given.dtype.is_numeric():
        return str(given.item())
    if given.dtype.is_temporal():
        text = _time_shown(given)
    else:
        # Dates inside may be beyond Python's.
        text = str(given.to_physical().to_list()[0])
    return f"{text[:_SHOWN]} ({given.dtype.base_type().__name__})"


def _time_shown(given: pl.Series) -> str:
    """Return a date or time as text; as its number where it is beyond Python's first and last day.

    Polars ends with a panic at dates that are far beyond these.
    """
    [number] = given.to_physical()
    unit = "ns" if given.dtype == pl.Time else getattr(given.dtype, "time_unit", "days")
    first, last = (0, 0) if given.dtype == pl.Time else _DAYS
    if not first <= number // _IN_A_DAY[unit] <= last:
        return f"{number} {unit}"
    return str(given.item()) if given.dtype == pl.Duration else str(given.cast(pl.String).item())
