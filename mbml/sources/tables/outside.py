"""Tables of strangers, read by Polars: whatever it says of them is told as a fault of the file."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import polars as pl

from mbml.errors import SourceError
from mbml.text import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HINT = "Write it anew, or fetch it again."
#: Rows that are decoded at once.
_ROWS = 1 << 16
_one_at_a_time = threading.RLock()


@contextmanager
def faults_of(path: Path, meant: str = "table") -> Iterator[None]:
    """Turn what Polars raises over a file into one error that names it.

    Polars gives up on some damaged files, and on some that shrink meanwhile, with a panic: no
    `Exception`, and told on stderr too, which is kept quiet here.

    Parameters
    ----------
    path
        The file.
    meant
        What it should be, for the message.

    Raises
    ------
    SourceError
        The file cannot be read as that.
    """
    try:
        with _rust_kept_quiet():
            yield
    except pl.exceptions.PanicException as error:
        raise SourceError(
            path, "", f"cannot be read as a {meant}: it is damaged, or was changed meanwhile", _HINT
        ) from error
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        first = first_line(error)
        raise SourceError(path, "", f"cannot be read as a {meant}: {first}", _HINT) from error


def collected(path: Path, rows: pl.LazyFrame) -> pl.DataFrame:
    """Read rows of a file; raises `SourceError` if that fails.

    Never all rows at once: a small file may hold the same row millions of times.
    """
    with faults_of(path):
        return rows.collect(engine="streaming")


def schema_of(path: Path, rows: pl.LazyFrame) -> dict[str, pl.DataType]:
    """Return the columns of a file; raises `SourceError` if it cannot be read."""
    with faults_of(path):
        return dict(rows.collect_schema())


def check_pages(path: Path) -> None:
    """Decode all pages of a Parquet file once, with their checksums where it has them.

    Polars aborts the whole process over some damaged pages; Arrow refuses those.

    Raises
    ------
    SourceError
        The file is not Parquet, or a page is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for _ in file.iter_batches(batch_size=_ROWS):
                pass
    except (pa.ArrowException, OSError, ValueError) as error:
        problem = f"cannot be read as a table: {first_line(error).rstrip('.')}"
        raise SourceError(path, "", problem, _HINT) from error


@contextmanager
def _rust_kept_quiet() -> Iterator[None]:
    """Keep stderr, which is the whole process's, aside; without a panic all of it comes after."""
    with _one_at_a_time, tempfile.TemporaryFile() as aside:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(aside.fileno(), 2)
        panicked = False
        try:
            yield
        except pl.exceptions.PanicException:
            panicked = True
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            if not panicked:
                aside.seek(0)
                with suppress(OSError), open(2, "wb", closefd=False) as stderr:
                    shutil.copyfileobj(aside, stderr)
