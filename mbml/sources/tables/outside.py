"""Tables of strangers, read by Polars: whatever it says of them is told as a fault of the file."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from mbml.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HINT = "Write it anew, or fetch it again."
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
        first = str(error).strip().splitlines()[0]
        raise SourceError(path, "", f"cannot be read as a {meant}: {first}", _HINT) from error


@contextmanager
def _rust_kept_quiet() -> Iterator[None]:
    with _one_at_a_time:
        sys.stderr.flush()
        kept = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(nowhere)
            os.close(kept)
