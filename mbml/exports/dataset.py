"""Views as a data-set folder for hubs: Parquet files, a card, and a description in Croissant."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from mbml.benchmarks import MetaDataset
from mbml.errors import UsageError
from mbml.exports.card import card
from mbml.exports.croissant import croissant
from mbml.exports.description import Config, Description, File
from mbml.exports.parquet import write_parquet
from mbml.exports.places import Place, inside, whole_export
from mbml.exports.provenance import provenance
from mbml.exports.views import rows_of
from mbml.store import opened
from mbml.store.contents import views_by_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from mbml.exports.provenance import Provenance
    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath

#: Sixteen row groups of DuckDB's usual size.
_ROWS_PER_FILE = 1_966_080
#: DuckDB cuts files between its vectors.
_VECTOR = 2_048
#: What hubs take for the name of a part of a data set.
_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
#: So many trainings of a view are listed.
_MOST_TRAININGS = 100


def export_dataset(
    warehouse: WarehouseOrPath,
    views: Sequence[str | MetaDataset],
    folder: Place,
    *,
    rows_per_file: int = _ROWS_PER_FILE,
    overwrite: bool = False,
) -> Place:
    """Write views as a folder that hubs take as a data set, and return its path.

    The folder is `dataset`, or `dataset_surrogate` if any number may be invented. It holds the rows
    of each view as Parquet (``data/VIEW-00000-of-00001.parquet``), a card with YAML front matter
    (``README.md``) and a description in Croissant 1.0 (``croissant.json``,
    http://mlcommons.org/croissant/1.0). Card and description say where the numbers come from, what
    each column means, and under which licence the benchmark publishes them.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    views
        Names of views or entries of meta-datasets, each a configuration of the data set.
    folder
        Where the folder is written; it is made when it is not there. An address in S3 is given as
        text.
    rows_per_file
        The most rows of a Parquet file, at least 2,048. DuckDB ends a file with a row group, so
        files may have fewer.
    overwrite
        Take the place of what has the name already.

    Raises
    ------
    UsageError
        There is no such view, it has no rows, its name cannot be that of a configuration, or the
        name of the folder is taken.
    MbmlError
        Writing failed; nothing is left under the name.
    """
    if not views or isinstance(views, str):
        raise UsageError(f"expected a list of views, got {views!r}")
    if rows_per_file < _VECTOR:
        raise UsageError(f"rows_per_file must be at least {_VECTOR:,}, got {rows_per_file}")
    named = dict.fromkeys(one.name if isinstance(one, MetaDataset) else one for one in views)
    with opened(warehouse) as held:
        origins = {}
        for name in named:
            if not held.rows(f"select 1 from {rows_of(held, name)} limit 1"):  # noqa: S608
                raise UsageError(f"{name} has no rows; `mbml views` lists the views that have some")
            if not _NAME.fullmatch(name):
                raise UsageError(
                    f"view {name!r}: no configuration of a data set can have this name; give the"
                    " view one of letters, digits, `_`, `-` and `.` that begins with a letter"
                )
            origins[name] = provenance(held, name)
        mark = next((one.mark for one in origins.values() if one.is_surrogate), "")
        target = inside(folder, f"dataset{mark}")
        with whole_export(target, overwrite=overwrite) as partial:
            (partial / "data").mkdir(parents=True)
            rows = rows_per_file // _VECTOR * _VECTOR
            configs = (_write(held, one, partial, rows) for one in origins.values())
            described = Description(tuple(configs))
            (partial / "README.md").write_text(card(described), encoding="utf-8")
            (partial / "croissant.json").write_text(croissant(described), encoding="utf-8")
    return target


def _write(warehouse: Warehouse, origin: Provenance, folder: Path, rows_per_file: int) -> Config:
    """Write the rows of a view, and return what card and description say of them."""
    import pyarrow.parquet as pq

    name = origin.relation
    unnamed = folder / "data" / name
    write_parquet(warehouse, rows_of(warehouse, name), unnamed, origin, rows_per_file=rows_per_file)
    # DuckDB numbers the files in the order of the rows, as `data_0.parquet`.
    found = sorted(unnamed.iterdir(), key=lambda path: int(path.stem.rpartition("_")[2]))
    files = []
    for number, path in enumerate(found):
        file = f"{name}{origin.mark}-{number:05d}-of-{len(found):05d}.parquet"
        placed = path.rename(folder / "data" / file)
        with placed.open("rb") as opened_file:
            digest = hashlib.file_digest(opened_file, "sha256").hexdigest()
        files.append(File(path=f"data/{file}", sha256=digest, bytes=placed.stat().st_size))
    unnamed.rmdir()
    written = [folder / one.path for one in files]
    rows = sum(pq.read_metadata(path).num_rows for path in written)
    schema = pq.read_schema(written[0])
    return Config(
        origin=origin,
        holds=views_by_name(warehouse)[name][1] or "",
        rows=rows,
        schema=schema,
        files=tuple(files),
        trainings=_trainings(warehouse, origin, rows, set(schema.names)),
    )


def _trainings(
    warehouse: Warehouse, origin: Provenance, rows: int, names: set[str]
) -> pl.DataFrame:
    """Return the trainings of a view, as far as its entry or its columns tell which these are."""
    import polars as pl

    known = origin.training
    if known is not None:
        return pl.DataFrame(
            {
                "dataset": known.dataset,
                "schedule_epochs": known.schedule_epochs,
                "epoch": known.epoch,
                "rows": rows,
            }
        )
    if "dataset" not in names:
        return pl.DataFrame()
    relation, _ = views_by_name(warehouse)[origin.relation]
    keys = ", ".join(one for one in ("benchmark", "dataset", "schedule_epochs") if one in names)
    ends = "".join(
        f", min({one}) as first_{one}, max({one}) as last_{one}"
        for one in ("epoch", "trial")
        if one in names
    )
    return warehouse.frame(
        f"select {keys}{ends}, count(*) as rows from {relation}"  # noqa: S608
        f" group by {keys} order by {keys} limit {_MOST_TRAININGS}"
    )
