"""The rows of a query in every format, written as they come: a result may be larger than memory.

Lines for programs are made by DuckDB; cells for people are read as text and set out here.
"""

from __future__ import annotations

import json
import re
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING

from mbml.cli.layout import records, shown, table, terminal_width
from mbml.cli.memory import Reserve
from mbml.errors import UsageError
from mbml.result_types import cell_names, sql_text
from mbml.text import in_json, markdown_head, markdown_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    import pyarrow as pa

    from mbml.store.query import Answer

#: SQL of a text in CSV; where one is NULL, `concat` leaves it out.
_CSV_CELL = """case when regexp_matches({cell}, '[",\\r\\n]') or {cell} = ''
then concat('"', replace({cell}, '"', '""'), '"') else {cell} end"""

#: Bytes of a result that is held to be set out as a table.
_LARGEST_TABLE = 32 << 20

#: Bytes of Arrow in a row group of Parquet, and the most that Arrow takes to write one; it crashes
#: where it is refused memory.
_ROW_GROUP = 16 << 20
_PARQUET_MEMORY = 96 << 20


def stream_table(answer: Answer, out: BinaryIO, most_rows: int = 0) -> None:
    """Write a table: all rows, or the first and the last ones of many."""
    cells = [one.shown for one in answer.columns]
    if most_rows:
        count, ends = answer.ends(cells, most_rows)
        rows = [tuple(map(shown, row)) for row in ends]
    else:
        rows = [row for batch in _that_fit(answer.batches(cells)) for row in _cells(batch)]
        count = len(rows)
    left_out = f"{count - len(rows):,} of {count:,} rows left out (--rows 0 shows all)"
    names, numbers = _heading(answer)
    lines = table(
        names,
        numbers,
        rows,
        left_out=left_out if count > len(rows) else "",
        width=terminal_width(),
    )
    out.writelines(line.encode() for line in lines)


def _that_fit(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches as long as they may be held: widths are known only when all rows are there."""
    size = 0
    for batch in batches:
        size += batch.nbytes
        if size > _LARGEST_TABLE:
            raise UsageError(
                f"the result is too large for a table: more than {_LARGEST_TABLE >> 20} MiB;"
                " ask for fewer rows, or for another --format, which needs no memory for them"
            )
        yield batch


def stream_record(answer: Answer, out: BinaryIO) -> None:
    """Write rows down the page."""
    names, _numbers = _heading(answer)
    first = 1
    for batch in answer.batches([one.shown for one in answer.columns]):
        out.writelines(line.encode() for line in records(names, _cells(batch), first))
        first += len(batch)
    if first == 1:
        out.write(f"no rows of {', '.join(map(shown, names))}\n".encode())


def stream_markdown(answer: Answer, out: BinaryIO) -> None:
    """Write a table in Markdown."""
    names, numbers = _heading(answer)
    head = markdown_head(map(shown, names), numbers)
    for batch in answer.batches([one.shown for one in answer.columns]):
        out.write((head + "".join(map(markdown_row, _cells(batch)))).encode())
        head = ""


def stream_csv(answer: Answer, out: BinaryIO) -> None:
    """Write CSV: NULL is nothing, an empty text two quotes."""
    texts = [one.text for one in answer.columns]
    parts = [
        cell if one.kind.number else _CSV_CELL.format(cell=cell)
        for cell, one in zip(cell_names(texts), answer.columns, strict=True)
    ]
    row = ", ',', ".join(parts)
    head = ",".join(_in_quotes(one.name) for one in answer.columns) + "\n"
    for lines in _lines(answer, texts, f"concat({row}, chr(10))"):
        out.write(head.encode())
        out.write(lines)
        head = ""


def stream_json(answer: Answer, out: BinaryIO) -> None:
    """Write one list of objects, laid out as `json.dumps` does with an indent of two."""
    members = [one.json for one in answer.columns]
    row = _object(answer, ",\n  {\n    ", ",\n    ", "\n  }")
    written = False
    for lines in map(_visible, _lines(answer, members, row)):
        if lines:
            if not written:
                out.write(b"[")
            out.write(lines if written else lines[1:])
            written = True
    out.write(b"\n]\n" if written else b"[]\n")


def stream_jsonl(answer: Answer, out: BinaryIO) -> None:
    """Write an object a line."""
    members = [one.json for one in answer.columns]
    out.writelines(map(_visible, _lines(answer, members, _object(answer, "{", ", ", "}\n"))))


def stream_parquet(answer: Answer, out: BinaryIO) -> None:
    """Write Parquet, a row group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from mbml.sources.naming import parquet_metadata

    # The usual pool takes a gibibyte of addresses at once, which the memory ceiling counts.
    pa.set_memory_pool(pa.system_memory_pool())
    reserve = Reserve(_PARQUET_MEMORY)
    cells = [one.parquet for one in answer.columns]
    names = (one.name.replace('"', '""') for one in answer.columns)
    line = ", ".join(
        f'{cell} as "{name}"' for cell, name in zip(cell_names(cells), names, strict=True)
    )
    batches = answer.batches(cells, line)
    first = next(batches)
    # Apart from stdout: a writer that ends by an error completes its file, as if that were all.
    written = BytesIO()
    # A dictionary of many values takes many times their memory.
    with pq.ParquetWriter(
        written, first.schema, compression="zstd", use_dictionary=False
    ) as writer:
        writer.add_key_value_metadata(parquet_metadata(is_surrogate=answer.has_surrogates))
        for group in _row_groups(chain([first], batches)):
            with reserve.free():
                writer.write_table(pa.Table.from_batches(group))
            _pass_on(written, out)
    _pass_on(written, out)


def _pass_on(written: BytesIO, out: BinaryIO) -> None:
    out.write(written.getbuffer())
    written.seek(0)
    written.truncate()


def _heading(answer: Answer) -> tuple[list[str], list[bool]]:
    columns = answer.columns
    return [one.name for one in columns], [one.kind.number for one in columns]


def _cells(batch: pa.RecordBatch) -> Iterator[tuple[str, ...]]:
    columns = (map(shown, column.to_pylist()) for column in batch.columns)
    return zip(*columns, strict=True)


def _in_quotes(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"' if re.search(r'[",\r\n]', name) else name


def _object(answer: Answer, start: str, between: str, end: str) -> str:
    """Return SQL of a row as a JSON object, with these texts around its members."""
    parts = []
    for number, (cell, one) in enumerate(
        zip(cell_names(answer.columns), answer.columns, strict=True)
    ):
        before = between if number else start
        parts += [sql_text(f"{before}{json.dumps(one.name, ensure_ascii=False)}: "), cell]
    return f"concat({', '.join(parts)}, {sql_text(end)})"


def _lines(answer: Answer, cells: Sequence[str], line: str) -> Iterator[memoryview]:
    """Yield the text of all rows, given the SQL of their cells and of a line over these."""
    for batch in answer.batches(cells, line):
        # Arrow keeps the texts of a column one after the other: they are the output as they stand.
        [column] = batch.columns
        _, ends, texts = column.buffers()
        bounds = memoryview(ends).cast("B").cast("i") if ends else [0]
        start, stop = bounds[column.offset], bounds[column.offset + len(column)]
        yield memoryview(texts or b"")[start:stop]


def _visible(json_text: memoryview) -> bytes:
    """Return JSON in which nothing directs a terminal; most is plain, and stays as it is."""
    data = bytes(json_text)
    plain = data.isascii() and b"\x7f" not in data
    return data if plain else in_json(data.decode()).encode()


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Yield batches that are as large as a row group together."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        for piece in _pieces(batch):
            if size + piece.nbytes > _ROW_GROUP and held:
                yield held
                held, size = [], 0
            held.append(piece)
            size += piece.nbytes
    yield held


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield a batch in pieces that are no larger than a row group."""
    if batch.nbytes <= _ROW_GROUP:
        yield batch
    elif len(batch) == 1:
        raise UsageError(
            f"a row is larger than {_ROW_GROUP >> 20} MiB, which is the most that is written to"
            " Parquet; ask for smaller values, or for another --format"
        )
    else:
        middle = len(batch) // 2
        yield from _pieces(batch[:middle])
        yield from _pieces(batch[middle:])
