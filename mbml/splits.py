"""Which rows train and which are held out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.errors import SourceError, UsageError, unknown_name
from mbml.sources.tables.outside import faults_of
from mbml.whole_file import write_whole

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: The splits by name, each with the column whose values training and held-out rows never share.
SPLITS = {"published": "arch_id", "graph_id": "graph_id", "functional_id": "functional_id"}

_FILE = "file:"


class Split(NamedTuple):
    """Row numbers: of the training set in the order drawn, and of the held-out rows, ascending."""

    name: str
    train: NDArray[np.intp]
    held_out: NDArray[np.intp]


def published(rows: int, *, train_size: int, seed: int) -> Split:
    """Draw the published split: N rows at random, everything else held out.

    Parameters
    ----------
    rows
        Number of rows, in index order (NAS-Bench-201) or hash order (NAS-Bench-101).
    train_size
        N, the rows to train on.
    seed
        Seed of the draw, scikit-learn's ``random_state``.

    Raises
    ------
    UsageError
        N leaves no row to train on, or none to hold out.
    """
    from sklearn.model_selection import train_test_split

    if not 2 <= train_size < rows:
        raise UsageError(
            f"--train-size {train_size} does not fit: {rows} rows have a target, of which at least"
            " 2 must train and 1 be held out"
        )
    check_seed(seed)
    train, held_out = train_test_split(
        np.arange(rows), train_size=train_size, random_state=seed, shuffle=True
    )
    return Split("published", train, np.sort(held_out))


def check_seed(seed: int) -> None:
    """Raise `UsageError` if a seed is none for scikit-learn."""
    if not 0 <= seed < 2**32:
        raise UsageError(f"--seed {seed} does not fit: seeds are 0 to 4294967295")


def draw(
    name: str, rows: pl.DataFrame, tested: pl.DataFrame, *, train_size: int, seed: int
) -> Split:
    """Draw the published training rows, and hold out the rows that share nothing with them.

    Parameters
    ----------
    name
        `published` keeps architectures apart, `graph_id` isomorphic cells, `functional_id` all
        cells that compute the same; `file:PATH` takes the rows that a file names (`save`).
    rows, tested
        Keys of the rows to draw from, and of those to hold out from: mostly the same.
    train_size, seed
        As in `published`.

    Raises
    ------
    UsageError
        There is no such split, or it leaves too few rows.
    """
    if name.startswith(_FILE):
        return _saved(name, rows, tested, train_size=train_size)
    if name not in SPLITS:
        raise unknown_name("split", name, [*SPLITS, _FILE + "PATH"])
    train = published(len(rows), train_size=train_size, seed=seed).train
    key = SPLITS[name]
    seen = tested[key].is_in(rows[key][train].unique().implode())
    held_out = np.flatnonzero(~seen.to_numpy())
    if not len(held_out):
        raise UsageError(
            f"--train-size {train_size} leaves no row to hold out with another {key} than all rows"
            " to train on"
        )
    return Split(name, train, held_out)


def identity(name: str) -> str:
    """Return the name of a split as results keep it: a file's by its content, wherever it lies."""
    if not name.startswith(_FILE):
        return name
    path = _file_of(name)
    return f"{_FILE}{path.name}#{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def save(split: Split, rows: pl.DataFrame, tested: pl.DataFrame, path: Path) -> None:
    """Write a split as CSV: `arch_key` and `part` (`train` or `held_out`), in the split's order.

    Raises
    ------
    MbmlError
        The file cannot be written; nothing is left of it.
    """
    import polars as pl

    parts = [(rows, split.train, "train"), (tested, split.held_out, "held_out")]
    rows_of_both = pl.concat(
        frame[index].select("arch_key", pl.lit(part).alias("part")) for frame, index, part in parts
    )
    write_whole(path, rows_of_both.write_csv().encode())


def _saved(name: str, rows: pl.DataFrame, tested: pl.DataFrame, *, train_size: int) -> Split:
    import polars as pl

    path = _file_of(name)
    with faults_of(path, "table of arch_key and part"):
        saved = pl.read_csv(path, schema={"arch_key": pl.String, "part": pl.String}, glob=False)
    twice = saved.filter(pl.col("arch_key").is_duplicated())
    if twice.height:
        raise SourceError(path, f"key {twice['arch_key'][0]}", "stands there twice")
    train = _places(path, saved, "train", rows)
    held_out = _places(path, saved, "held_out", tested)
    if len(train) + len(held_out) != saved.height:
        raise SourceError(path, "", "has another part than train and held_out")
    if len(train) != train_size:
        raise UsageError(
            f"--train-size {train_size} does not fit: {path} names {len(train)} rows to train on;"
            f" say --train-size {len(train)}"
        )
    return Split(name, train, np.sort(held_out))


def _places(path: Path, saved: pl.DataFrame, part: str, rows: pl.DataFrame) -> NDArray[np.intp]:
    import polars as pl

    found = (
        saved.filter(pl.col("part") == part)
        .join(rows.with_row_index("place"), on="arch_key", how="left", maintain_order="left")
        .select("arch_key", "place")
    )
    unknown = found.filter(pl.col("place").is_null())
    if unknown.height:
        raise SourceError(
            path,
            f"key {unknown['arch_key'][0]}",
            "the view has no such row with a target and all features",
            f"{unknown.height} of {found.height} {part} keys are not there",
        )
    if not found.height:
        raise SourceError(path, "", f"names no row as {part}")
    return found["place"].to_numpy().astype(np.intp)


def _file_of(name: str) -> Path:
    path = Path(name.removeprefix(_FILE))
    if not path.is_file():
        raise UsageError(f"--split {name}: no such file; mbml train --save-split PATH writes one")
    return path
