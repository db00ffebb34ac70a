"""Files of tables, told apart by their content: Parquet, delimited text, or JSON."""

from __future__ import annotations

import codecs
import csv
import json
import re
from shlex import quote
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import polars as pl

from mbml.errors import SourceError, UsageError
from mbml.sources.files import check_file, files_under, open_file
from mbml.sources.tables.columns import repeated
from mbml.sources.tables.outside import check_pages, collected, faults_of, schema_of
from mbml.sources.tables.values import ROW, exact, place
from mbml.text import first_line, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mbml.sources.tables.values import ValueKind

_SEPARATORS: Final = (",", ";", "\t")
_PIECE: Final = 1 << 20
_LONGEST_HEADER: Final = 1 << 16
#: JSON is read into memory, where each of its values takes far more than it does in the file.
_LONGEST_JSON: Final = 1 << 26
_MOST_PARTS: Final = 1_000_000
_MOST_VALUES: Final = 3_000_000
_MOST_COLUMNS: Final = 1_000
_MOST_MEMBERS: Final = 500_000
#: With those that rows lack.
_MOST_FIELDS: Final = 16_000_000
_HALF: Final = re.compile("[\ud800-\udfff]")
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_BOM: Final = b"\xef\xbb\xbf"
#: What a Hive folder without a value is named for.
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def scan_file(path: Path, notes: list[str]) -> pl.LazyFrame:
    """Open one file as the rows of a table; what is text there stays text.

    Parameters
    ----------
    path
        The file. Its name does not matter.
    notes
        Takes what a user should know.

    Raises
    ------
    UsageError
        There is no such file.
    SourceError
        It is none of the three, is damaged, or a row has another number of fields than the header.
    """
    check_file(path)
    _check_name(path)
    with open_file(path) as stream:
        head = stream.read(_LONGEST_HEADER)
    if head.startswith(b"PAR1"):
        check_pages(path)
        # Absolute: Polars would take `~` at the start for a home.
        return pl.scan_parquet(path.absolute(), hive_partitioning=False, glob=False)
    _refuse_others(path, head)
    if head.removeprefix(_BOM).lstrip()[:1] in (b"{", b"["):
        return _scan_json(path)
    return _scan_delimited(path, head, notes)


def _check_name(path: Path) -> None:
    """Refuse a name that Polars cannot open a file by."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{path}: the name of the file, or of a folder above it, is not UTF-8; rename it, or"
            " name a link to it"
        ) from None


def _refuse_others(path: Path, head: bytes) -> None:
    if head[:1] == b"\x80" and head[1:2] <= b"\x05":
        hint = "Write its table as Parquet or CSV with the program that made it."
        if b"pandas" in head:
            hint = (
                'If you trust it: python -c "import pandas, sys; pandas.read_pickle(sys.argv[1])'
                f".to_parquet('table.parquet')\" {quote(path.name)}; then load table.parquet."
            )
        raise SourceError(path, "", "is a pickle, which can run any code when it is opened", hint)
    if head.startswith(b"ARROW1"):
        hint = "Write it as Parquet: polars.read_ipc(path).write_parquet('table.parquet')."
        raise SourceError(path, "", "is an Arrow IPC (Feather) file", hint)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise SourceError(path, "", "is text in UTF-16", "Save it as UTF-8.")


def _scan_delimited(path: Path, head: bytes, notes: list[str]) -> pl.LazyFrame:
    separator = _separator(path, head)
    has_blank_lines, ends = _check_bytes(path)
    if not ends:
        notes.append("the last line has no line end; check that the file is whole")
    _check_fields(path, separator)
    # Every value as text first: adjacency bits look like a number.
    rows = pl.scan_csv(
        path.absolute(), infer_schema=False, null_values="", glob=False, separator=separator
    )
    return rows.filter(~pl.all_horizontal(pl.all().is_null())) if has_blank_lines else rows


def _check_bytes(path: Path) -> tuple[bool, bool]:
    """Refuse a zero byte and what is not UTF-8, with its row.

    Return whether there may be lines without a field, and whether the last line has its end.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    blank = False
    lines = 0
    last = b""
    with open_file(path) as stream:
        while True:
            piece = stream.read(_PIECE)
            zero = piece.find(b"\0")
            if zero >= 0:
                problem = "holds a zero byte, which is no character of a table in text"
                hint = "Was the file cut or overwritten?"
                raise SourceError(path, _line(lines + piece.count(b"\n", 0, zero)), problem, hint)
            try:
                decoder.decode(piece, final=not piece)  # the last character may be cut
            except UnicodeDecodeError as error:
                before = error.object[: error.start].count(b"\n")
                problem = "holds bytes that are not UTF-8 text"
                raise SourceError(
                    path, _line(lines + before), problem, "Save it as UTF-8."
                ) from None
            if not piece:
                break
            blank = blank or _BLANK_LINE.search(last + piece) is not None
            lines += piece.count(b"\n")
            last = piece[-2:]
    return blank, last.endswith((b"\n", b"\r"))


def _line(row: int) -> str:
    return f"row {row}" if row else "header"


def _separator(path: Path, head: bytes) -> str:
    """Return the separator that splits the header into most names; refuse a name that is twice."""
    line, end, _ = head.removeprefix(_BOM).partition(b"\n")
    if not end and len(head) == _LONGEST_HEADER:
        raise SourceError(path, "", "is no table: its first line is longer than 64 KiB")
    try:
        text = line.decode().rstrip("\r")
    except UnicodeDecodeError:
        problem = "is neither Parquet, nor JSON, nor a table in UTF-8 text"
        raise SourceError(path, "", problem) from None
    try:
        found = {one: next(csv.reader([text], delimiter=one), []) for one in _SEPARATORS}
    except csv.Error:
        problem = "has a carriage return in its header"
        raise SourceError(path, "", problem, "End lines with a line feed.") from None
    separator = max(_SEPARATORS, key=lambda one: len(found[one]))
    names = found[separator]
    again = repeated(names)
    if again is not None:
        raise SourceError(path, f"column {again!r}", "stands twice in the header")
    return separator


def _check_fields(path: Path, separator: str) -> None:
    """Refuse a row with more or fewer fields than the header, which Polars would fill with null."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    refused: list[Any] = []

    def refuse(row: Any) -> str:
        refused.append(row)
        return "error"

    try:
        with arrow_csv.open_csv(
            path,
            # Rows have numbers in one thread alone; the header is the first of them.
            read_options=arrow_csv.ReadOptions(use_threads=False, autogenerate_column_names=True),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=["f0"], column_types={"f0": pa.string()}, check_utf8=False
            ),
        ) as reader:
            for _ in reader:
                pass
    except (pa.ArrowException, OSError) as error:
        if refused:
            row = refused[0]
            problem = f"has {row.actual_columns} fields, the header {row.expected_columns}"
            hint = "Was the file cut short, or a text with a separator in it not quoted?"
            raise SourceError(path, f"row {row.number - 1}", problem, hint) from None
        if "Empty CSV" not in str(error):  # a header alone
            problem = f"cannot be read as a table: {first_line(error)}"
            raise SourceError(path, "", problem) from error


def _scan_json(path: Path) -> pl.LazyFrame:
    size = path.stat().st_size
    if size > _LONGEST_JSON:
        hint = "Write it as Parquet or CSV."
        raise SourceError(path, "", f"is JSON of {size:,} bytes; at most 64 MiB are read", hint)
    with open_file(path) as stream, faults_of(path):
        text = stream.read().decode("utf-8-sig")
    if text.count("{") + text.count("[") > _MOST_PARTS or text.count(",") > _MOST_VALUES:
        problem = f"is JSON of more than {_MOST_PARTS:,} rows or {_MOST_VALUES:,} values"
        raise SourceError(path, "", problem, "Write it as Parquet or CSV.")
    try:
        # Numbers stay text, so that they keep their digits.
        read = json.JSONDecoder(
            parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object
        )
        given = read.decode(text)
    except (ValueError, RecursionError) as error:
        problem = f"cannot be read as JSON: {first_line(error) or 'it is nested too deeply'}"
        raise SourceError(path, "", problem, "Fetch it again, or write it anew.") from None
    rows = _records(given) or _naslib_records(path, given)
    names: dict[str, None] = {}
    for number, row in enumerate(rows, start=1):
        names.update(dict.fromkeys(row))
        if len(names) > _MOST_COLUMNS:
            problem = f"is JSON whose rows have more than {_MOST_COLUMNS:,} different names"
            raise SourceError(path, f"row {number}", problem)
        for name, value in row.items():
            _check_member(path, number, name, value)
    if len(rows) * len(names) > _MOST_FIELDS:
        problem = f"is JSON of {len(rows):,} rows with {len(names):,} names, most without a value"
        raise SourceError(path, "", problem, "Write it as Parquet or CSV.")
    columns = {name: [_text(row.get(name)) for row in rows] for name in names}
    return pl.LazyFrame(columns, schema=dict.fromkeys(names, pl.String))


def _check_member(path: Path, row: int, name: str, value: Any) -> None:
    if isinstance(value, (dict, list)):
        problem = "expected a number or a text, got a list or an object"
        raise SourceError(path, place(row, name), problem)
    for text in (name, value):
        if isinstance(text, str) and not text.isascii() and _HALF.search(text):
            problem = "has half of a character (a lone surrogate), which is no text"
            raise SourceError(path, place(row, name), problem)


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(members) > _MOST_MEMBERS:
        raise ValueError(f"an object has more than {_MOST_MEMBERS:,} members")
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("an object names a member twice")
    return found


def _text(value: Any) -> str | None:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def _records(given: Any) -> list[dict[str, Any]]:
    """Return the rows of a list of objects; none of anything else."""
    is_list = isinstance(given, list) and all(isinstance(one, dict) for one in given)
    return given if is_list else []


def _naslib_records(path: Path, given: Any) -> list[dict[str, Any]]:
    """Return a row for each data set and cell of NASLib's files of zero-cost proxies.

    The layout is that of the files `zc_<space>.json` (https://github.com/automl/NASLib).
    """
    rows = []
    for space, datasets in _members(path, given):
        if space == "about":  # what mbml says of a file that it wrote
            continue
        for dataset, cells in _members(path, datasets, space):
            for cell, values in _members(path, cells, space, dataset):
                told = {"benchmark": space, "dataset": dataset, "net": cell}
                for name, value in _members(path, values, space, dataset, cell):
                    if name in told:
                        problem = f"{name!r} is told by the place in the file already"
                        raise SourceError(path, f"{space}, {dataset}, {cell}", problem)
                    told[name] = value
                rows.append(told)
    if not rows:
        raise _no_table(path, "it has no rows")
    return rows


def _members(path: Path, given: Any, *above: str) -> list[tuple[str, Any]]:
    if not isinstance(given, dict):
        raise _no_table(path, f"{quoted(above[-1]) if above else 'it'} is no object")
    return list(given.items())


def _no_table(path: Path, why: str) -> SourceError:
    problem = (
        "is JSON, but neither a list of rows nor NASLib's {space: {data set: {cell: values}}}:"
        f" {why}"
    )
    return SourceError(path, "", problem, "Write its table as Parquet or CSV.")


def table_files(path: Path) -> tuple[Path, ...]:
    """Return the file that a path names, or the Parquet files of its folder.

    Raises
    ------
    UsageError
        There is no such file, or none in the folder.
    SourceError
        The file is empty, or cannot be read.
    """
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    if path.is_dir():
        files = files_under(path, ".parquet")
        if not files:
            raise UsageError(f"{path}: a folder without Parquet files; name a file instead")
        return files
    check_file(path)
    return (path,)


def scan(
    path: Path, files: tuple[Path, ...], kinds: Mapping[str, ValueKind], notes: list[str]
) -> pl.LazyFrame:
    """Open the files of a table as one, with what their folders below the path are named for.

    Parameters
    ----------
    path, files
        What the user named, and its files.
    kinds
        Columns that must say the same as the name of a folder.
    notes
        Takes what a user should know.

    Raises
    ------
    SourceError
        As `scan_file`; or files have other columns, or a value is another than its folder's.
    """
    if not path.is_dir():
        return scan_file(path, notes)
    for file in files:
        _check_name(file)
        check_pages(file)
    _check_alike(files)
    inside = pl.scan_parquet([one.absolute() for one in files], hive_partitioning=False, glob=False)
    above = [part for part in path.absolute().parts if part.count("=") == 1]
    below = [file.parts[len(path.parts) : -1] for file in files]
    named = dict.fromkeys(
        part.partition("=")[0] for parts in below for part in parts if part.count("=") == 1
    )
    if not named:
        return inside
    # Names of folders are text too: as numbers they would be rounded.
    if above:
        rows = _with_folder_names(files, [_partitions(parts) for parts in below], list(named))
    else:
        schema = dict.fromkeys(named, pl.String)
        rows = pl.scan_parquet(list(files), hive_partitioning=True, hive_schema=schema, glob=False)
    held = schema_of(path, inside)
    for name in (name for name in kinds if name in named and name in held):
        _check_folders(path, name, kinds[name], inside, rows)
    return rows


def _partitions(parts: Sequence[str]) -> dict[str, str]:
    """Return the names and values that names of folders give."""
    named = (part.split("=") for part in parts if part.count("=") == 1)
    return {name: unquote(value) for name, value in named if value != _NO_VALUE}


def _with_folder_names(
    files: tuple[Path, ...], parts: list[dict[str, str]], names: list[str]
) -> pl.LazyFrame:
    """Add what folders below a path are named for; Polars would take those above it as well."""
    scans = (
        pl.scan_parquet(file.absolute(), hive_partitioning=False, glob=False).with_columns(
            pl.lit(of_file.get(name), pl.String).alias(name) for name in names
        )
        for file, of_file in zip(files, parts, strict=True)
    )
    return pl.concat(scans, how="diagonal")


def _check_alike(files: tuple[Path, ...]) -> None:
    """Look at each file by itself, so that a fault names it; all have the same columns."""
    first: dict[str, pl.DataType] | None = None
    for file in files:
        found = schema_of(file, pl.scan_parquet(file, hive_partitioning=False, glob=False))
        first = first or found
        if set(found) != set(first):
            other = ", ".join(sorted(set(found) ^ set(first)))
            raise SourceError(
                file,
                "",
                f"and {files[0].name} do not have the same columns ({other})",
                "Load files of other columns one by one.",
            )
        for name in (name for name, kind in found.items() if kind != first[name]):
            problem = f"is {found[name]}, but {first[name]} in {files[0].name}"
            hint = "Write the files with the same types, or load them one by one."
            raise SourceError(file, f"column {name!r}", problem, hint)


def _check_folders(
    path: Path, name: str, kind: ValueKind, inside: pl.LazyFrame, rows: pl.LazyFrame
) -> None:
    """Refuse a value that the name of its folder would replace by another."""
    given, hidden = (
        exact(
            path,
            collected(path, frame.select(name).with_row_index(ROW, offset=1)),
            {name: kind},
        )
        for frame in (rows, inside)
    )
    other = given.filter(given[name].ne_missing(hidden[name]))
    if other.height:
        row, value = other.row(0)
        problem = f"expected {value!r} as in the name of the folder, got {hidden[name][row - 1]!r}"
        raise SourceError(path, place(row, name), problem)
