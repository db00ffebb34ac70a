"""Files of tables as people have them: told by content, whole, with the habits of pandas."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys

import polars as pl
import pyarrow.parquet as pq
import pytest
from tables import nasbench201_rows

from mbml.errors import SourceError, UsageError
from mbml.sources.tables.columns import column_options
from mbml.sources.tables.proxies import read_proxies
from mbml.sources.tables.table import open_tables

ROWS = nasbench201_rows(3)
CSV = ROWS.write_csv()
HEADER, FIRST, SECOND, THIRD = CSV.splitlines()


def read(path):
    [source] = open_tables(path)
    [batch] = source.batches()
    return batch, source.notes


def accuracies(path):
    return read(path)[0].epochs["test_accuracy"].to_pylist()


EXPECTED = ROWS["test_accuracy"].to_list()
FORMS = {
    "TABLE.CSV": CSV.encode(),
    "a.tsv": CSV.replace(",", "\t").encode(),
    "semicolons.csv": CSV.replace(",", ";").encode(),
    "bom.csv": b"\xef\xbb\xbf" + CSV.encode(),
    "crlf.csv": CSV.replace("\n", "\r\n").encode(),
    "quoted.csv": ROWS.write_csv(quote_style="always").encode(),
    "no line end": CSV.rstrip("\n").encode(),
    "blank lines.csv": (f"{HEADER}\n{FIRST}\n\n{SECOND}\n{THIRD}\n\n\n").encode(),
    "rows.json": ROWS.write_json().encode(),
    "a parquet file.csv": None,
}


@pytest.mark.parametrize("name", FORMS)
def test_content_tells_what_a_file_is(tmp_path, name):
    if FORMS[name] is None:
        ROWS.write_parquet(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(FORMS[name])
    assert accuracies(tmp_path / name) == EXPECTED


def test_numbers_of_json_keep_their_digits(tmp_path):
    rows = [dict(ROWS.row(0, named=True), test_accuracy="X")]
    text = json.dumps(rows).replace('"X"', "0.1234567890123456789")
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(SourceError, match=r"row 1, column 'test_accuracy': .*'0.12345678901234567"):
        read(tmp_path / "a.json")


def test_json_that_would_not_fit_into_memory_is_refused_unread(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[")
    with path.open("r+b") as stream:
        stream.truncate(1 << 30)  # a hole, which takes no room on the disk
    with pytest.raises(SourceError, match="is JSON of 1,073,741,824 bytes; at most 64 MiB"):
        open_tables(path)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([FIRST, SECOND.rsplit(",", 1)[0], THIRD], "row 2: has 7 fields, the header 8"),
        ([FIRST, f"{SECOND},1", THIRD], "row 2: has 9 fields, the header 8"),
        ([FIRST, SECOND, THIRD[:60]], "row 3: has 1 fields, the header 8"),
        ([FIRST, SECOND.replace("c", "\0", 1), THIRD], "row 2: holds a zero byte"),
        ([FIRST, SECOND, f"\udc81{THIRD},,"], "row 3: holds bytes that are not UTF-8"),
        ([FIRST, SECOND, "\udcf4"], "row 3: holds bytes that are not UTF-8"),
    ],
    ids=["too few", "too many", "cut", "zero", "not UTF-8", "half a character"],
)
@pytest.mark.parametrize(
    "reader", [open_tables, lambda path: read_proxies(path, dataset="cifar10")], ids=["t", "p"]
)
def test_a_row_that_is_not_whole_is_refused_with_its_number(tmp_path, lines, said, reader):
    text = "\n".join([HEADER, *lines])
    (tmp_path / "a.csv").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SourceError, match=said):
        reader(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfea\0,\0b\0\n\0", "is text in UTF-16"),
        (b"\xfe\x80\x81\n", "is neither Parquet, nor JSON, nor a table in UTF-8 text"),
        (b"ARROW1\0\0", "is an Arrow IPC"),
        (b"a,b,a\n1,2,3\n", "column 'a': stands twice in the header"),
        (b"a,b\r1,2\r", "has a carriage return in its header"),
        (b"a" * 70_000, "its first line is longer"),
        (b"{", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b'{"a": 1}', "is JSON, but neither a list of rows nor"),
        (b'[{"a": 1, "a": 2}]', "an object names a member twice"),
        (b'[{"a": [1]}]', "row 1, column 'a': expected a number or a text"),
        (HEADER.encode(), "holds no rows"),
        (pickle.dumps({"a": 1}), "is a pickle, which can run any code"),
        (b"\x80\x04cpandas.core.frame\nDataFrame\n.", r"\(sys.argv\[1\]\)\.to_parquet\(.*\)\" a;"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_no_table_is_named(tmp_path, content, said):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(SourceError, match=said):
        open_tables(tmp_path / "a")


def test_a_last_line_without_its_end_is_told(tmp_path):
    (tmp_path / "a.csv").write_text(CSV[:-3])
    assert read(tmp_path / "a.csv")[1] == [
        "the last line has no line end; check that the file is whole"
    ]


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "__index_level_0__"])
def test_the_index_of_pandas_is_left_out_and_told(tmp_path, name):
    ROWS.select(pl.Series(name, [0, 1, 2]), pl.all()).write_csv(tmp_path / "a.csv")
    _, notes = read(tmp_path / "a.csv")
    assert notes == [f"the column {name!r}, the index of a pandas frame, is left out"]
    ROWS.select(pl.Series(name, [0, 1, 2]), "arch_str", zen=pl.lit(1)).write_csv(tmp_path / "p.csv")
    proxies = read_proxies(tmp_path / "p.csv", dataset="cifar10")
    assert proxies.values["name"].unique().to_list() == ["zen"]
    assert len(proxies.notes) == 1


def test_names_of_folders_above_the_one_that_is_loaded_do_not_count(tmp_path):
    above = tmp_path / "user=me" / "trial=999" / "tables"
    pq.write_to_dataset(ROWS.to_arrow(), above, partition_cols=["trial"])
    batch, _ = read(above)
    assert batch.runs["trial"].to_pylist() == [0, 0, 0]


def test_a_folder_without_a_value_gives_none(tmp_path):
    rows = ROWS.with_columns(parameters=pl.Series([5, None, 7]))
    for folder in ("a", "b=c"):
        pq.write_to_dataset(rows.to_arrow(), tmp_path / folder, partition_cols=["parameters"])
        batch, _ = read(tmp_path / folder)
        assert sorted(batch.runs["parameters"].to_pylist(), key=str) == [5, 7, None]


@pytest.mark.parametrize(
    "reader", [open_tables, lambda path: read_proxies(path, dataset="cifar10")], ids=["t", "p"]
)
def test_a_column_without_a_name_is_no_index_where_it_is_not_first_or_does_not_count(
    tmp_path, reader
):
    unnamed = pl.Series("Unnamed: 0", [0.5, 0.25, 0.75])
    own = [one for one in ROWS.columns if reader is open_tables or one == "arch_str"]
    for rows in (
        ROWS.select(unnamed, *own),
        ROWS.select(*own, unnamed.alias("Unnamed: 1")),
        ROWS.select(*own, pl.Series("", [0, 1, 2])),
    ):
        rows.write_csv(tmp_path / "a.csv")
        with pytest.raises(SourceError, match=r"has no name of its own.*`ignore='"):
            reader(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([{f"a{number}": 1} for number in range(1_500)], "row 1001: is JSON whose rows have more"),
        ([{"a": "\ud800"}], "row 1, column 'a': has half of a character"),
        ([{"a\udfff": 1}], "row 1, column .*: has half of a character"),
        ({"nasbench201": {"cifar10": [1]}}, "'cifar10' is no object"),
        ({"nasbench201": {"cifar10": {}, "cifar100": 3}}, "'cifar100' is no object"),
        ({"nasbench201": {"cifar10": {"(0,)": {"net": 1}}}}, "'net' is told by the place"),
        ({"nasbench201": {"cifar10": {"(0,)": {"dataset": 1}}}}, "'dataset' is told by the"),
        ({"nasbench201": {"cifar10": {"\ud800": {"snip": 1}}}}, "column 'net': has half of a"),
        ({"nasbench201": {"cifar10": {}}}, "it has no rows"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_json_that_is_not_all_read_is_refused(tmp_path, content, said):
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(SourceError, match=said):
        open_tables(tmp_path / "a.json")


@pytest.mark.parametrize("text", ["{}," * 1_100_000, "1," * 3_100_000], ids=["rows", "values"])
def test_json_of_too_many_parts_is_refused_before_it_is_parsed(tmp_path, text, monkeypatch):
    monkeypatch.setattr(json.JSONDecoder, "decode", None)
    (tmp_path / "a.json").write_text(f"[{text}{{}}]")
    with pytest.raises(SourceError, match=r"is JSON of more than 1,000,000 rows or 3,000,000"):
        open_tables(tmp_path / "a.json")


def test_json_that_is_nearly_empty_is_refused(tmp_path):
    rows = ",".join(f'{{"{number % 800}":1}}' for number in range(21_000))
    (tmp_path / "a.json").write_text(f"[{rows}]")
    with pytest.raises(SourceError, match="of 21,000 rows with 800 names, most without a value"):
        open_tables(tmp_path / "a.json")
    members = ",".join(f'"{number}":1' for number in range(500_001))
    (tmp_path / "a.json").write_text(f"[{{{members}}}]")
    with pytest.raises(SourceError, match="an object has more than 500,000 members"):
        open_tables(tmp_path / "a.json")


@pytest.mark.skipif(sys.platform == "win32", reason="names are bytes on Linux")
@pytest.mark.parametrize("suffix", [b".csv", b".parquet"])
def test_a_name_that_is_not_utf_8_is_refused(tmp_path, suffix):
    path = tmp_path / os.fsdecode(b"\xff" + suffix)
    try:
        path.write_bytes(CSV.encode())
    except OSError:
        pytest.skip("this file system has names of UTF-8 alone")
    if suffix == b".parquet":
        buffer = io.BytesIO()
        ROWS.write_parquet(buffer)
        path.write_bytes(buffer.getvalue())
        with pytest.raises(UsageError, match="is not UTF-8; rename it"):
            open_tables(tmp_path)
    with pytest.raises(UsageError, match="is not UTF-8; rename it"):
        open_tables(path)


def test_a_table_without_a_measurement_is_refused(tmp_path):
    ROWS.select("arch_str", "dataset", "schedule_epochs", "trial", "epoch").write_csv(
        tmp_path / "a.csv"
    )
    with pytest.raises(SourceError, match="has no column of a measurement"):
        open_tables(tmp_path / "a.csv")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process")
def test_a_small_file_of_millions_of_equal_rows_takes_little_memory(tmp_path):
    rows = ROWS.head(1)[[0] * 1_000_000].to_arrow()
    with pq.ParquetWriter(tmp_path / "a.parquet", rows.schema, compression="zstd") as writer:
        for _ in range(10):
            writer.write_table(rows)
    code = (
        "import sys; from mbml.errors import SourceError;"
        "from mbml.sources.tables.table import open_tables\n"
        "try: [list(one.batches()) for one in open_tables(sys.argv[1])]\n"
        "except SourceError as error: print(error)\n"
        # Not ru_maxrss, which a process takes over from the one that started it.
        "[line] = [one for one in open('/proc/self/status') if one.startswith('VmHWM')]\n"
        "print(line.split()[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "a.parquet"],
        # Each thread holds rows of its own, and a machine of many cores has many.
        env=os.environ | {"POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    said, kibibytes = done.stdout.splitlines()
    assert "row 2: repeats an architecture" in said
    assert int(kibibytes) < 1 << 20


def test_offered_options_are_quoted_for_the_shell(tmp_path):
    path = tmp_path / "a b.pkl"
    path.write_bytes(b"\x80\x04cpandas.core.frame\nDataFrame\n.")
    with pytest.raises(SourceError, match=r"\(sys\.argv\[1\]\).*\" 'a b\.pkl';"):
        open_tables(path)
    path = tmp_path / "a.csv"
    ROWS.with_columns(pl.lit(1).alias("$(touch x) acc")).write_csv(path)
    with pytest.raises(SourceError, match=r"`ignore='\$\(touch x\) acc'`"):
        read_proxies(path, dataset="cifar100", options=column_options(ignore=MEASURED))


MEASURED = [name for name in ROWS.columns if name.endswith("accuracy")]


def test_parts_of_other_types_are_told_with_their_column(tmp_path):
    for kind in (pl.Int16, pl.Int64):
        folder = tmp_path / f"dataset={kind}"
        folder.mkdir()
        ROWS.drop("dataset").with_columns(pl.col("trial").cast(kind)).write_parquet(
            folder / "a.parquet"
        )
    with pytest.raises(SourceError, match=r"column 'trial': is Int64, but Int16 in a\.parquet"):
        open_tables(tmp_path)
