"""Every DuckDB type leaves the warehouse exactly: as text, as JSON, in a frame and in Parquet.

DuckDB itself turns into text what Arrow, Polars or Parquet cannot hold; its own text is exact.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sized

    from duckdb.sqltypes import DuckDBPyType


@dataclass(frozen=True)
class ResultType:
    """How values of one type are written: SQL, in which `{x}` is the value."""

    text: str = "cast({x} as varchar)"
    json: str = "to_json({text})"
    #: For people, where that is shorter than the text.
    shown: str = "{text}"
    #: In Arrow, and so in a frame and in Parquet.
    native: str = "{text}"
    #: In Parquet, where that differs.
    parquet: str = "{native}"
    #: The type of Polars that the native text is read as.
    polars: str = ""
    number: bool = False

    def fill(self, template: str, x: str, *, name: str = "") -> str:
        """Return SQL of a value and of the name of its column, for errors."""
        text = self.text.format(x=x)
        native = self.native.format(x=x, text=text, name=name)
        return template.format(x=x, text=text, native=native, name=name)


def _refusing(condition: str, value: str, place: str) -> str:
    """Return a value where it fits, and an error with column and value where it does not."""
    return (
        f"case when {condition} then {value} when {{x}} is not null then error({{name}}"
        f" || ' holds ' || cast({{x}} as varchar) || ', which {place} cannot hold;"
        " cast the column to varchar') end"
    )


# JSON of DuckDB may hold NaN, infinity, and a comma before a bracket, which others refuse. Whole
# strings are found first, so that nothing in them is changed; chr(1) stands in no JSON.
_IN_JSON = r"""("(?:[^"\\]|\\.)*")|(-?(?i:nan|infinity|inf))|,(\s*[\]}}])"""
_MARKED = rf"regexp_replace({{text}}, '{_IN_JSON}', '\1' || chr(1) || '\2' || chr(1) || '\3', 'g')"
_STRICT_JSON = (
    f"translate(replace({_MARKED}, chr(1) || chr(1), ''), chr(1) || chr(10) || chr(13), '\"  ')"
)

_EXACT = ResultType(json="{text}", native="{x}", number=True)
_BIG = "coalesce(try_cast({x} as decimal(38, 0)), " + (
    _refusing("false", "null", "a Parquet number") + ")"
)
_FLOATING = ResultType(
    # NaN as in Polars and pandas; FLOAT as the DOUBLE of the same value.
    text="replace(cast(cast({x} as double) as varchar), 'nan', 'NaN')",
    json="case when isfinite({x}) then {text} else to_json(replace({text}, 'inf', 'Infinity')) end",
    shown="format('{{:.6g}}', cast({x} as double))",
    native="{x}",
    number=True,
)
_MOMENT = ResultType(native=_refusing("isfinite({x})", "{x}", "a frame or Parquet"))
_CLOCK = ResultType(native=_refusing("{x} < '24:00:00'", "{x}", "a frame or Parquet"))
_TEXT = ResultType()

#: By DuckDB's name of a type; all others are written as DuckDB's text.
RESULT_TYPES: dict[str, ResultType] = {
    "boolean": ResultType(json="{text}", native="{x}"),
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), _EXACT),
    **dict.fromkeys(("utinyint", "usmallint", "uinteger", "ubigint"), _EXACT),
    # JSON has no number without a digit before its point, which DuckDB leaves out of .5.
    "decimal": ResultType(
        text=r"regexp_replace(cast({x} as varchar), '^(-?)[.]', '\10.')",
        json="{text}",
        native="{x}",
        number=True,
    ),
    "hugeint": ResultType(json="{text}", parquet=_BIG, polars="Int128", number=True),
    "uhugeint": ResultType(json="{text}", parquet=_BIG, polars="UInt128", number=True),
    "bignum": ResultType(json="{text}", number=True),
    "float": _FLOATING,
    "double": _FLOATING,
    "varchar": ResultType(text="{x}", native="{x}"),
    "json": ResultType(json=_STRICT_JSON),
    "blob": ResultType(native="{x}"),
    "null": ResultType(native="{x}"),
    **dict.fromkeys(("date", "timestamp", "timestamp with time zone"), _MOMENT),
    **dict.fromkeys(("timestamp_s", "timestamp_ms", "timestamp_ns"), _MOMENT),
    **dict.fromkeys(("time", "time_ns"), _CLOCK),
}


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result, and the SQL that writes its values.

    Attributes
    ----------
    name
        Its name in the result.
    place
        Its name in the SQL that writes it.
    type
        Its DuckDB type.
    """

    name: str
    place: str
    type: DuckDBPyType

    @property
    def kind(self) -> ResultType:
        """How values of its type are written, those of nested types apart."""
        return _kind(self.type)

    @property
    def text(self) -> str:
        """SQL of its exact text; nested values are JSON."""
        if is_nested(self.type):
            return f"case when {self.place} is not null then {self.json} end"
        return self.kind.fill(self.kind.text, self.place)

    @property
    def shown(self) -> str:
        """SQL of what is shown to people."""
        return self.text if is_nested(self.type) else self.kind.fill(self.kind.shown, self.place)

    @property
    def json(self) -> str:
        """SQL of its JSON, never NULL."""
        return _json(self.type, self.place)

    @property
    def native(self) -> str:
        """SQL of the value for Arrow and Polars."""
        return self._native(self.kind.native)

    @property
    def parquet(self) -> str:
        """SQL of the value for Parquet."""
        return self._native(self.kind.parquet)

    def _native(self, template: str) -> str:
        if is_nested(self.type):
            return self.place if _passes(self.type) else self.text
        return self.kind.fill(template, self.place, name=sql_text(f"column {self.name!r}"))


def cell_names(cells: Sized) -> list[str]:
    """Return what cells are called in SQL that puts them into a line."""
    return [f"cell{number}" for number in range(len(cells))]


def sql_text(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def sql_name(*names: str) -> str:
    """Return a name, or names with schemas before them, as SQL takes it whatever is in it."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def is_nested(kind: DuckDBPyType) -> bool:
    """Tell whether values of a type hold other values."""
    return str(kind.id) in _NESTED


def _kind(kind: DuckDBPyType) -> ResultType:
    return RESULT_TYPES.get("json" if str(kind) == "JSON" else str(kind.id), _TEXT)


def _passes(kind: DuckDBPyType) -> bool:
    """Tell whether Arrow, Polars and Parquet hold a type as it is."""
    if not is_nested(kind):
        return _kind(kind).native == "{x}"
    members = _members(kind)
    if kind.id == "union" or "" in members:
        return False
    if kind.id == "map" and members["key"].id == "null":
        return False
    return all(_passes(child) for child in members.values())


def _members(kind: DuckDBPyType) -> dict[str, DuckDBPyType]:
    """Return the types within a nested one by name; in a tuple all names are empty."""
    children: list[tuple[str, Any]] = kind.children
    return {name: child for name, child in children if not isinstance(child, int)}


def _json(kind: DuckDBPyType, x: str, level: int = 0) -> str:
    if is_nested(kind):
        made = _NESTED[str(kind.id)](kind, x, level)
    else:
        leaf = _kind(kind)
        made = leaf.fill(leaf.json, x)
    return f"coalesce({made}, 'null')"


def _json_list(kind: DuckDBPyType, x: str, level: int) -> str:
    one = f"v{level}"
    inner = _json(_members(kind)["child"], one, level + 1)
    return f"'[' || array_to_string(list_transform({x}, lambda {one}: {inner}), ', ') || ']'"


def _json_struct(kind: DuckDBPyType, x: str, level: int) -> str:
    children: list[tuple[str, Any]] = kind.children
    parts = []
    for number, (name, child) in enumerate(children, 1):
        key = f"{json.dumps(name, ensure_ascii=False)}: " if name else ""
        inner = _json(child, f"struct_extract({x}, {sql_text(name) if name else number})", level)
        parts.append(f"{sql_text(', ' * (number > 1) + key)}, {inner}")
    left, right = "{}" if children[0][0] else "[]"
    return f"case when {x} is not null then concat('{left}', {', '.join(parts)}, '{right}') end"


def _json_map(kind: DuckDBPyType, x: str, level: int) -> str:
    one, members = f"v{level}", _members(kind)
    key = ResultColumn("", f"{one}.key", members["key"]).text
    entry = f"to_json({key}) || ': ' || {_json(members['value'], f'{one}.value', level + 1)}"
    entries = f"list_transform(map_entries({x}), lambda {one}: {entry})"
    return f"'{{' || array_to_string({entries}, ', ') || '}}'"


def _json_union(kind: DuckDBPyType, x: str, level: int) -> str:
    cases = []
    for name, child in _members(kind).items():
        if name:  # the first, without a name, is the tag
            head = sql_text("{" + json.dumps(name, ensure_ascii=False) + ": ")
            inner = _json(child, f"union_extract({x}, {sql_text(name)})", level)
            cases.append(f"when {sql_text(name)} then concat({head}, {inner}, '}}')")
    return f"case union_tag({x}) {' '.join(cases)} end"


_NESTED = {
    "list": _json_list,
    "array": _json_list,
    "struct": _json_struct,
    "tuple": _json_struct,
    "map": _json_map,
    "union": _json_union,
}
