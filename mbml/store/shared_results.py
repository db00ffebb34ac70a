"""Fits and searches in files, and back: results of several people in one warehouse.

Rows of two files are fits and searches, those of two others their scores and steps. Cells have
their keys of the benchmark. Ids lead from one file to another and mean nothing elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mbml.errors import SourceError, UsageError
from mbml.metrics import score_names
from mbml.sources.files import check_file
from mbml.store.opening import opened
from mbml.store.results import EXPERIMENT_KEY, FIT_KEY, SEARCH_KEY
from mbml.store.schema import sql_files
from mbml.text import first_line, quoted
from mbml.whole_file import as_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import NoReturn

    from mbml.store.warehouse import Warehouse, WarehouseOrPath

#: Of the files; goes up when their columns change.
LAYOUT_VERSION = 2
#: Keys in the metadata of each file: that number, and what files of one export have in common.
LAYOUT_KEY, EXPORT_KEY = "mbml.results_layout", "mbml.results_export"

#: Of budgets, as `mbml.searches.clock` has them; sums of shares may end a hair above a budget.
_UNITS = ("queries", "epochs", "seconds")
_TOLERANCE = 1e-9
_HINT = "Write the folder again with mbml export results."


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Fits or searches, in two files: one of themselves, and one of their scores or steps.

    `sql/80_shared_results` has the columns of each file.

    Attributes
    ----------
    name, parts
        Names of the files, without their endings, and of their SQL.
    number
        The column that leads from one to the other.
    key
        The columns that make two fits or searches the same.
    part_key
        The column that tells the parts of one apart.
    objects
        Columns of JSON objects.
    table, table_of_parts
        The tables of results that the rows go into.
    """

    name: str
    parts: str
    number: str
    key: tuple[str, ...]
    part_key: str
    objects: tuple[str, ...]
    table: str
    table_of_parts: str


FITS = Kind(
    name="fits",
    parts="scores",
    number="fit_id",
    key=(*EXPERIMENT_KEY, *FIT_KEY),
    part_key="metric",
    objects=("parameters", "warnings", "libraries"),
    table="results.fit",
    table_of_parts="results.score",
)
SEARCHES = Kind(
    name="searches",
    parts="steps",
    number="search_id",
    key=(*SEARCH_KEY, "seed"),
    part_key="step",
    objects=("settings",),
    table="results.search",
    table_of_parts="results.search_step",
)
KINDS = (FITS, SEARCHES)
#: The files, each with the table that describes most of its columns.
FILES = {
    name: table
    for kind in KINDS
    for name, table in ((kind.name, kind.table), (kind.parts, kind.table_of_parts))
}


def selected(name: str) -> str:
    """Return the query for the rows of a file; `origin` is null for a warehouse's own results."""
    [file] = (one for one in sql_files("80_shared_results") if one.stem == name)
    return f"(\n{file.read_text()})"


@dataclass(frozen=True, kw_only=True)
class ResultsReport:
    """What came of loading results.

    Attributes
    ----------
    fits, searches
        How many were new.
    held_fits, held_searches
        How many the warehouse held already, whoever computed them.
    differing_fits, differing_searches
        How many of these came out otherwise there; what is held was kept.
    left_out_searches
        Searches that were left out, as the warehouse lacks some of their cells.
    unknown_cells
        How many cells it lacks.
    unknown_cell
        One of them: its benchmark and its key there; empty if there is none.
    origins
        Whose results were new.
    is_surrogate
        True if any in the folder is of invented numbers.
    """

    fits: int
    searches: int
    held_fits: int
    held_searches: int
    differing_fits: int
    differing_searches: int
    left_out_searches: int
    unknown_cells: int
    unknown_cell: str
    origins: tuple[str, ...]
    is_surrogate: bool


def ingest_results(warehouse: WarehouseOrPath, folder: Path | str) -> ResultsReport:
    """Load fits and searches that `mbml.exports.export_results` wrote, each at most once.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one. Measurements of the cells must be in it.
    folder
        The folder of the files, or the one that it was written into.

    Returns
    -------
    ResultsReport
        What was new, held already or left out.

    Raises
    ------
    UsageError
        There is no such folder.
    SourceError
        The files are not results of mbml, or are damaged; nothing was loaded.
    WarehouseError
        The warehouse cannot be opened for writing.

    Examples
    --------
    >>> from mbml.exports import export_results
    >>> from mbml.store.shared_results import ingest_results
    >>> folder = export_results("warehouse/mbml.duckdb", "travel")
    >>> ingest_results("warehouse/mbml.duckdb", folder).fits
    0
    """
    paths = _files(as_path(folder))
    exports = {_export_of(path) for path in paths.values()}
    if len(exports) > 1:
        problem = "holds files of different exports, which do not belong together"
        raise SourceError(folder, "", problem, _HINT)
    with opened(warehouse, write=True) as held:
        return held.transaction(lambda: _load(held, paths))


def _files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name one that mbml export results wrote")
    inside = (folder, folder / "results", folder / "results_surrogate")
    held = [one for one in inside if all((one / f"{name}.parquet").exists() for name in FILES)]
    if len(held) != 1:
        wanted = ", ".join(f"{name}.parquet" for name in FILES)
        problem = "holds several folders of results" if held else f"lacks some of {wanted}"
        hint = "Name a folder that mbml export results wrote."
        raise SourceError(folder, "", problem, hint)
    return {name: held[0] / f"{name}.parquet" for name in FILES}


def _export_of(path: Path) -> bytes:
    """Decode all of a file once, refuse one that mbml did not write, and return its export."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    check_file(path)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            marks = file.metadata.metadata or {}
            for batch in file.iter_batches():
                batch.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        problem = f"cannot be read: {first_line(error).rstrip('.')}"
        raise SourceError(path, "", problem, _HINT) from error
    layout = marks.get(LAYOUT_KEY.encode(), b"none")
    if layout != str(LAYOUT_VERSION).encode():
        problem = "is not a file of results that mbml wrote"
        if layout.isdigit():
            problem = f"has layout {layout.decode()}, and this mbml reads layout {LAYOUT_VERSION}"
        raise SourceError(path, "", problem, _HINT)
    return bytes(marks.get(EXPORT_KEY.encode(), b""))


def _load(held: Warehouse, paths: Mapping[str, Path]) -> ResultsReport:
    for name, path in paths.items():
        _read(held, name, path)
        _check_values(held, name, path)
    for kind in KINDS:
        _check_objects(held, kind, paths[kind.name])
        _check_numbers(held, kind, paths)
    _check_scores(held, paths)
    _check_steps(held, paths)
    held_fits, differing_fits = _compare(held, FITS)
    held_searches, differing_searches = _compare(held, SEARCHES)
    unknown_cells, unknown_cell, left_out = _leave_out_unknown(held)
    origins = held.rows(
        "select origin from new_fits union select origin from new_searches order by all"
    )
    [(invented,)] = held.rows(
        "select exists (from fits where is_surrogate) or exists (from searches where is_surrogate)"
    )
    report = ResultsReport(
        fits=_add_fits(held),
        searches=_add_searches(held),
        held_fits=held_fits,
        held_searches=held_searches,
        differing_fits=differing_fits,
        differing_searches=differing_searches,
        left_out_searches=left_out,
        unknown_cells=unknown_cells,
        unknown_cell=unknown_cell or "",
        origins=tuple(name for (name,) in origins),
        is_surrogate=invented,
    )
    for table in (*FILES, *(f"new_{kind.name}" for kind in KINDS)):
        held.con.execute(f"drop table temp.{table}")
    return report


def _read(held: Warehouse, name: str, path: Path) -> None:
    """Read a file into a temporary table of its name, with the number of each row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    con = held.con
    with pq.ParquetFile(path) as file:
        reader = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches())
        con.register("incoming", reader)
        try:
            found, wanted = _types(held, "incoming"), _types(held, selected(name))
            for column in sorted(wanted.keys() | found.keys()):
                if found.get(column) != wanted.get(column):
                    types = (one.get(column, "no such column") for one in (wanted, found))
                    problem = "expected {}, got {}".format(*types)
                    raise SourceError(path, f"column {quoted(column)}", problem, _HINT)
            con.execute(
                f"create temp table {name} as select row_number() over () as row, * from incoming"  # noqa: S608
            )
        finally:
            con.unregister("incoming")


def _types(held: Warehouse, relation: str) -> dict[str, str]:
    return {column: kind for column, kind, *_ in held.rows(f"describe from {relation}")}


def _check_values(held: Warehouse, name: str, path: Path) -> None:
    """Refuse values that no fit or search has; raises `SourceError`."""
    described = held.rows(f"describe {FILES[name]}")
    may_be_null = {column for column, _, null, *_ in described if null == "YES"} - {"origin"}
    named = {
        "data_sha256": [("regexp_full_match(data_sha256, '[0-9a-f]{64}')", "a SHA-256")],
        "origin": [("trim(origin) <> ''", "a name")],
        "budget": [("budget > 0", "more than 0")],
        "unit": [(f"unit in {_UNITS}", f"one of {', '.join(_UNITS)}")],
    }
    rules = []
    for column, kind in _types(held, name).items():
        if column not in may_be_null | {"incumbent"}:
            rules.append((column, f"{column} is not null", "a value"))
        if kind == "DOUBLE":
            rules.append((column, f"isfinite({column})", "a finite number"))
        if kind.startswith("TIMESTAMP"):
            rules.append((column, f"isfinite({column})", "a finite time"))
        if column.endswith("seconds"):
            rules.append((column, f"{column} >= 0", "a time of at least 0"))
        rules += [(column, *one) for one in named.get(column, ())]
    for column, rule, expected in rules:
        for row, value in held.rows(
            f"select row, {column} from {name} where not {rule} order by row limit 1"  # noqa: S608
        ):
            _refuse(path, row, column, expected, value)


def _check_objects(held: Warehouse, kind: Kind, path: Path) -> None:
    """Refuse texts that are no JSON objects; raises `SourceError`."""
    for column in kind.objects:
        for row, text in held.rows(
            f"select min(row), {column} from {kind.name} group by all order by all"  # noqa: S608
        ):
            if not _is_object(text):
                _refuse(path, row, column, "a JSON object", text)


def _refuse(path: Path, row: int, column: str, expected: str, value: object) -> NoReturn:
    problem = f"expected {expected}, got {quoted(value)}"
    raise SourceError(path, f"row {row}, column {column!r}", problem, _HINT)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _check_numbers(held: Warehouse, kind: Kind, paths: Mapping[str, Path]) -> None:
    """Refuse what is twice, and parts that belong to nothing; raises `SourceError`."""
    name, parts, number, part_key = kind.name, kind.parts, kind.number, kind.part_key
    faults = [
        (name, f"repeats the {number} of an earlier row", f"group by {number}", "count(*) > 1"),
        (name, "is the same as an earlier row", f"group by {', '.join(kind.key)}", "count(*) > 1"),
        (
            parts,
            f"repeats a {part_key} of the same {number}",
            f"group by {number}, {part_key}",
            "count(*) > 1",
        ),
        (
            parts,
            f"belongs to no row of {name}.parquet",
            f"anti join {name} using ({number})",
            "count(*) > 0",
        ),
    ]
    if kind is SEARCHES:
        counted = "max(step) <> count(*) or min(step) < 1"
        faults.append(
            (parts, "belongs to steps that are not numbered from 1", "group by search_id", counted)
        )
    for file, problem, rows, wrong in faults:
        for (row,) in held.rows(
            f"select max(row) from {file} {rows} having {wrong} order by 1 limit 1"  # noqa: S608
        ):
            raise SourceError(paths[file], f"row {row}", problem, _HINT)


def _check_scores(held: Warehouse, paths: Mapping[str, Path]) -> None:
    """Refuse a fit without a score that every fit has, defined or not; raises `SourceError`."""
    for row, name in held.rows(
        """
        select fits.row, needed.metric
        from fits cross join (select unnest(?::text[]) as metric) as needed
        anti join scores on scores.fit_id = fits.fit_id and scores.metric = needed.metric
        order by all limit 1
        """,
        [score_names()],
    ):
        problem = f"is a fit whose score {name!r} is not in scores.parquet"
        raise SourceError(paths["fits"], f"row {row}", problem, _HINT)


def _check_steps(held: Warehouse, paths: Mapping[str, Path]) -> None:
    """Refuse a search without steps, or of more than its budget; raises `SourceError`."""
    for (row,) in held.rows(
        "select row from searches anti join steps using (search_id) order by row limit 1"
    ):
        problem = "is a search that has no step in steps.parquet"
        raise SourceError(paths["searches"], f"row {row}", problem, _HINT)
    # What is spent in an unknown unit, such as seconds that were not recorded, is NULL.
    for row, unit, budget, spent in held.rows(
        """
        select steps.row, unit, budget,
            case unit when 'queries' then spent_queries when 'epochs' then spent_epochs
            else spent_seconds end as spent
        from steps inner join searches using (search_id)
        where spent > budget + ?
        order by steps.row limit 1
        """,
        [_TOLERANCE],
    ):
        _refuse(paths["steps"], row, f"spent_{unit}", f"at most the budget of {budget:g}", spent)


def _compare(held: Warehouse, kind: Kind) -> tuple[int, int]:
    """Put what is not held into ``new_NAME``; count what is, and what of it came out otherwise."""
    key = ", ".join(kind.key)
    rows = f"{selected(kind.name)} as held"
    held.con.execute(
        f"create temp table new_{kind.name} as from {kind.name} anti join {rows} using ({key})"
    )
    parts = [column for column in _types(held, selected(kind.parts)) if column != kind.number]
    digest = f"{kind.number}, bit_xor(hash({', '.join(parts)})) as digest"
    [(count, differing)] = held.rows(
        f"""
        with here as (select {digest} from {selected(kind.parts)} group by 1),
        there as (select {digest} from {kind.parts} group by 1)

        select count(*), count(*) filter (here.digest is distinct from there.digest)
        from {kind.name} as incoming
        inner join {rows} using ({key})
        left join here on here.{kind.number} = held.{kind.number}
        left join there on there.{kind.number} = incoming.{kind.number}
        """  # noqa: S608
    )
    return count, differing


def _leave_out_unknown(held: Warehouse) -> tuple[int, str | None, int]:
    """Leave out new searches of cells that are not held.

    Return how many cells these are, one of them, and the number of the searches.
    """
    held.con.execute(
        """
        create temp table unknown_cell as
        select search_id, named.benchmark, named.cell
        from new_searches
        inner join (
            select search_id, benchmark, unnest([cell, incumbent]) as cell from steps
        ) as named using (search_id)
        anti join architecture as held
            on named.benchmark = held.benchmark and named.cell = held.native_key
        where named.cell is not null
        """
    )
    [counted] = held.rows(
        "select count(distinct (benchmark, cell)), min(benchmark || ' ' || cell),"
        " count(distinct search_id) from unknown_cell"
    )
    held.con.execute(
        "delete from new_searches where search_id in (select search_id from unknown_cell)"
    )
    held.con.execute("drop table unknown_cell")
    return counted


def _columns(held: Warehouse, table: str, *ids: str) -> str:
    """List the columns of a table of results, but for ids."""
    return ", ".join(f"incoming.{name}" for name in _types(held, table) if name not in ids)


def _add_fits(held: Warehouse) -> int:
    key = ", ".join(EXPERIMENT_KEY)
    held.con.execute(
        f"""
        insert into results.experiment by name
        select
            (select coalesce(max(experiment_id) + 1, 0) from results.experiment)
            + row_number() over (order by min(row)) - 1 as experiment_id,
            {key}, bool_or(is_surrogate) as is_surrogate, min(rows) as rows,
            min(left_out) as left_out
        from new_fits anti join results.experiment using ({key})
        group by {key}
        """  # noqa: S608
    )
    [(first,)] = held.rows("select coalesce(max(fit_id), -1) from results.fit")
    fit = _columns(held, "results.fit", "fit_id", "experiment_id")
    held.con.execute(
        f"""
        insert into results.fit by name
        select incoming.row + ? as fit_id, experiment_id, {fit}
        from new_fits as incoming inner join results.experiment using ({key})
        order by incoming.row
        """,  # noqa: S608
        [first],
    )
    held.con.execute(
        """
        insert into results.score
        select new_fits.row + ? as fit_id, scores.metric, scores.value
        from new_fits inner join scores using (fit_id)
        order by new_fits.row, scores.row
        """,
        [first],
    )
    return _count(held, "new_fits")


def _add_searches(held: Warehouse) -> int:
    [(first,)] = held.rows("select coalesce(max(search_id), 0) from results.search")
    search = _columns(held, "results.search", "search_id")
    step = _columns(held, "results.search_step", "search_id", "arch_id", "incumbent_arch_id")
    held.con.execute(
        f"""
        insert into results.search by name
        select incoming.row + ? as search_id, {search}
        from new_searches as incoming
        order by incoming.row
        """,  # noqa: S608
        [first],
    )
    held.con.execute(
        f"""
        insert into results.search_step by name
        select new_searches.row + ? as search_id, {step}, cell.arch_id,
            incumbent.arch_id as incumbent_arch_id
        from new_searches
        inner join steps as incoming using (search_id)
        inner join architecture as cell
            on incoming.benchmark = cell.benchmark and incoming.cell = cell.native_key
        left join architecture as incumbent
            on incoming.benchmark = incumbent.benchmark
            and incoming.incumbent = incumbent.native_key
        order by new_searches.row, incoming.step
        """,  # noqa: S608
        [first],
    )
    return _count(held, "new_searches")


def _count(held: Warehouse, table: str) -> int:
    [(count,)] = held.rows(f"select count(*) from {table}")  # noqa: S608
    return int(count)
