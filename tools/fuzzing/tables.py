"""Tables: Parquet, CSV and JSON, of measurements and of proxies, mbml's own and of others."""

from __future__ import annotations

import io
import json
import math
import zlib
from typing import TYPE_CHECKING
from unittest.mock import patch

import polars as pl
from tables import nasbench101_rows, nasbench201_rows

from fuzzing.damage import Reader, damaged, genuine, possible
from mbml.errors import SourceError, UsageError
from mbml.sources.tables.columns import column_options
from mbml.sources.tables.measurements import read_devices, read_robustness
from mbml.sources.tables.proxies import read_proxies
from mbml.sources.tables.table import open_tables
from mbml.spaces.nasbench101 import known

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from pathlib import Path

ROWS = 12

_NETS = ("(4, 0, 3, 1, 4, 3)", "(2, 2, 0, 4, 2, 0)", "(0, 0, 0, 0, 0, 0)")


def _of_others() -> Iterable[pl.DataFrame]:
    nets = pl.DataFrame({"net": _NETS})
    yield nets.with_columns(fisher=1.5, snip=2.5, synflow=3.5, flops=15.64737)
    yield nets.with_columns(edgetpu_latency=-1.0, edgegpu_energy=24.226614330768584)
    yield nets.with_columns(pl.lit(84.99).alias("val_accs"), pl.lit(1.7).alias("pgd@L2_eps-1.0"))
    yield pl.DataFrame({"arch_index": [0, 1], "arch": ["0", "1"], "acc": [85.5, 93.66]})


def _naslib() -> bytes:
    values = {net: {"snip": 1.25, "val_accuracy": 88.24} for net in _NETS}
    return json.dumps({"nasbench201": {"cifar10": values, "cifar100": values}}).encode()


def _frames() -> Iterable[pl.DataFrame]:
    yield nasbench201_rows(ROWS, trial=777)
    yield nasbench101_rows()
    yield from _of_others()
    for name in (
        ("nasbench201", "measurements.parquet"),
        ("nasbench201", "trials.parquet"),
        ("nasbench101", "measurements.parquet"),
        ("nasbench201", "zero_cost_proxies_cifar10.parquet"),
    ):
        data = genuine(*name)
        if data:
            yield pl.read_parquet(io.BytesIO(data), n_rows=ROWS)


def _as_parquet(rows: pl.DataFrame, chance: random.Random | None = None) -> bytes:
    out = io.BytesIO()
    kind = chance.choice(("zstd", "snappy", "gzip", "lz4", "uncompressed")) if chance else "zstd"
    rows.write_parquet(
        out, compression=kind, row_group_size=chance.choice((3, 100)) if chance else 5
    )
    return out.getvalue()


def _table_seeds() -> Iterable[bytes]:
    for rows in _frames():
        yield _as_parquet(rows)
        yield rows.write_csv().encode()
        yield rows.write_csv(separator=";", line_terminator="\r\n").encode()
        yield rows.write_json().encode()
    yield _naslib()


_VALUES = (
    None,
    "",
    "|",
    "nan",
    "inf",
    "-1",
    "1e308",
    "99999999999999999999",
    "0100",
    "é\x00",
    "a" * 300,
)
_TYPES = (
    pl.String,
    pl.Float32,
    pl.Int8,
    pl.UInt64,
    pl.Boolean,
    pl.Date,
    pl.Binary,
    pl.Categorical,
    pl.Null,
    pl.Int128,
    pl.Decimal(38, 10),
    pl.List(pl.Int64),
    pl.Struct({"a": pl.String}),
)


def _change_table(chance: random.Random, data: bytes) -> bytes:
    """Change a value, a name, a type or the order, and write it anew; or damage the bytes."""
    parquet = data[:4] == b"PAR1"
    if chance.random() < 0.4 or data[:1] in (b"{", b"["):
        tail = max(0, len(data) - 3000) if parquet and chance.random() < 0.7 else 0
        return data[:tail] + damaged(chance, data[tail:], b',;"\n|~0+-.eE{}[]:')
    try:
        if parquet:
            rows = pl.read_parquet(io.BytesIO(data))
        else:
            rows = pl.read_csv(io.BytesIO(data), infer_schema=False)
        rows = _changed(chance, rows)
        return _as_parquet(rows, chance) if parquet else rows.write_csv().encode()
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        OSError,
        UnicodeError,
        OverflowError,
        TypeError,
        ValueError,
    ):
        return damaged(chance, data)


def _changed(chance: random.Random, rows: pl.DataFrame) -> pl.DataFrame:
    name = chance.choice(rows.columns)
    change = chance.choice(
        (_another_value, _another_name, _another_type, _without, _repeated, _another_number)
    )
    return change(chance, rows, name)


def _another_value(chance, rows, name):
    texts = rows[name].cast(pl.String).to_list()
    texts[chance.randrange(rows.height)] = chance.choice(_VALUES)
    changed = pl.Series(name, texts, pl.String)
    back = changed.cast(rows[name].dtype, strict=False)
    return rows.with_columns(back if chance.random() < 0.7 else changed)


def _another_name(chance, rows, name):
    names = (*rows.columns, "", "row", "benchmark", "arch", "module_hash", "x" * 99)
    other = chance.choice(names)
    return rows if other == name else rows.drop(other, strict=False).rename({name: other})


def _another_type(chance, rows, name):
    return rows.with_columns(pl.col(name).cast(chance.choice(_TYPES), strict=False))


def _without(chance, rows, name):
    return rows.drop(name)


def _repeated(chance, rows, name):
    some = rows.sample(chance.randrange(rows.height), seed=chance.randrange(99))
    return pl.concat([rows, some])


def _another_number(chance, rows, name):
    value = chance.choice((math.nan, math.inf, -math.inf, -0.5, 1e308, 5e-324, 2**63, 0))
    column = chance.choice(rows.select(pl.selectors.numeric()).columns or [name])
    changed = pl.when(pl.int_range(pl.len()) == 1).then(value).otherwise(pl.col(column))
    return rows.with_columns(changed.alias(column))


#: What a user may say of the columns; the content chooses, so that an input ends in one way.
_OPTIONS = (
    {},
    {"percent": "test_accuracy"},
    {"scale": {"parameters": "1e6"}},
    {"key": "net"},
    {"rename": {"acc": "test_accuracy"}, "percent": "acc", "ignore": "arch"},
    {"constants": {"dataset": "cifar10-valid"}},
    {"constants": {"dataset": "cifar10", "schedule_epochs": 9, "trial": 1, "epoch": 9}},
)


# The hashes of all cells take longer than an input may.
@patch.object(known, "MAX_NODES", 5)
def _check_table(folder: Path, data: bytes) -> str:
    path = folder / "input"
    path.write_bytes(data)
    options = column_options(**_OPTIONS[zlib.crc32(data) % len(_OPTIONS)])
    ending = "refused"
    try:
        for source in open_tables(path, options):
            possible(source.batches())
        ending = "rows"
    except (SourceError, UsageError):
        pass
    try:
        values = read_proxies(path, dataset="cifar10").values
        assert values["value"].is_finite().all(), "a proxy that is no finite number"
        assert not {"val_accs", "val_accuracy"} & set(values["name"]), "an outcome as a proxy"
        ending = "rows"
    except (SourceError, UsageError):
        pass
    for read in (read_devices, read_robustness):
        try:
            _check_measurements(read(path, dataset="cifar10").values)
            ending = "rows"
        except (SourceError, UsageError):
            pass
    return ending


def _check_measurements(values: pl.DataFrame) -> None:
    for name in ("latency_seconds", "energy_joules", "arithmetic_intensity", "accuracy"):
        if name in values.columns:
            given = values[name].drop_nulls()
            most = 1 if name == "accuracy" else math.inf
            assert (given.is_finite() & given.is_between(0, most)).all(), f"no {name}"
    keys = values.select(~pl.selectors.float() | pl.selectors.by_name("epsilon", require_all=False))
    assert not keys.is_duplicated().any(), "two measurements of one thing"


READERS = (Reader("table", _table_seeds, _change_table, _check_table),)
