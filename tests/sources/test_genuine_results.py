"""The genuine NATS-Bench files: every number, against Python's own unpickler (here alone)."""

from __future__ import annotations

import bz2
import pickle
import warnings

import pytest
from nas_records import legacy, plain, release, torch_zip
from oracle import expected_runs, found_runs, leaves, numbers

from mbml.sources.batch import ARCHITECTURE_SCHEMA, EPOCH_SCHEMA, RUN_SCHEMA
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.pickles.layouts import Layouts
from mbml.sources.pickles.torch_pickle import load

pytestmark = pytest.mark.realdata

FOLDERS = {
    "nasbench201": "NATS-tss-v1_0-3ffb9-simple",
    "natsbench_sss": "NATS-sss-v1_0-50262-simple",
}
INDEXES = (0, 11)


def unpickled(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # genuine dtypes hold integers for booleans
        return pickle.loads(bz2.decompress(path.read_bytes()))


@pytest.fixture(params=FOLDERS)
def folder(request, real_data):
    return real_data / "natsbench" / FOLDERS[request.param]


@pytest.fixture(scope="module")
def topology(real_data):
    return real_data / "natsbench" / FOLDERS["nasbench201"]


@pytest.fixture(scope="module")
def topology_runs(topology):
    return found_runs(NatsBenchSource(topology).batches())


def as_v1_1(topology, indexes=INDEXES):
    """The genuine records in the form of NAS-Bench-201's own file."""
    names = unpickled(topology / "meta.pickle.pbz2")["meta_archs"]
    records = {}
    for index in indexes:
        states = unpickled(topology / f"{index:06d}.pickle.pbz2")
        records[index] = {"full": states["200"], "less": states["12"]}
    return release(records, names=names)


def test_every_number_is_in_the_tables(folder):
    source = NatsBenchSource(folder)
    found = found_runs(source.batches())
    assert sorted(found) == list(INDEXES)
    count = 0
    for index in INDEXES:
        states = unpickled(folder / f"{index:06d}.pickle.pbz2")
        assert found[index] == expected_runs(states)
        count += leaves(states)
    assert numbers(found) == count > 5_000


@pytest.mark.parametrize("layouts", [None, Layouts()], ids=["opcode by opcode", "by layout"])
@pytest.mark.parametrize("index", INDEXES)
def test_the_reader_gives_what_python_gives(folder, index, layouts):
    path = folder / f"{index:06d}.pickle.pbz2"
    assert plain(load(path, layouts=layouts)) == unpickled(path)


def test_tables_have_the_common_form(folder):
    (batch,) = NatsBenchSource(folder).batches()
    assert batch.architectures.schema == ARCHITECTURE_SCHEMA
    assert batch.runs.schema == RUN_SCHEMA
    assert batch.epochs.schema == EPOCH_SCHEMA
    assert batch.records == 2
    for table in (batch.architectures, batch.runs, batch.epochs):
        table.validate(full=True)
        assert all(
            field.nullable or table.column(field.name).null_count == 0 for field in table.schema
        )


def test_folder_says_what_it_is(real_data):
    for benchmark, name in FOLDERS.items():
        source = NatsBenchSource(real_data / "natsbench" / name)
        assert source.benchmark == benchmark
        assert source.format == "natsbench_folder"
        assert [one.name for one in source.files] == [
            "meta.pickle.pbz2",
            "000000.pickle.pbz2",
            "000011.pickle.pbz2",
        ]
        assert source.release is None
        list(source.batches())
        assert source.release == {"nasbench201": "NATS-tss-v1.0"}.get(benchmark, "NATS-sss-v1.0")


def test_architectures_are_described(topology, real_data):
    (batch,) = NatsBenchSource(topology).batches()
    first, second = batch.architectures.to_pylist()
    assert first["native_key"] == (
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
        "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    )
    assert first["operations"] == (
        "avg_pool_3x3,nor_conv_1x1,skip_connect,nor_conv_1x1,skip_connect,skip_connect"
    )
    assert (first["nodes"], first["edges"], first["adjacency"]) == (4, 6, None)
    assert second["native_index"] == 11
    (batch,) = NatsBenchSource(real_data / "natsbench" / FOLDERS["natsbench_sss"]).batches()
    assert batch.architectures.column("native_key").to_pylist() == ["8:8:8:8:8", "8:8:8:16:32"]
    assert batch.architectures.column("operations").to_pylist() == [None, None]


def mean(runs, dataset, schedule, column, epoch=-1):
    values = [
        rows[epoch][column]
        for (name, epochs, _), (_, rows) in runs.items()
        if (name, epochs) == (dataset, schedule)
    ]
    return round(sum(values) / len(values), 6)


def test_known_values_of_cell_0(topology_runs):
    runs = topology_runs[0]
    assert mean(runs, "cifar10-valid", 12, "valid_accuracy") == 0.633640
    assert mean(runs, "cifar10-valid", 200, "valid_accuracy") == 0.819827
    assert mean(runs, "cifar10-valid", 200, "valid_accuracy", 3) == 0.353520
    assert mean(runs, "cifar10-valid", 200, "train_accuracy", 3) == 0.441640
    assert mean(runs, "cifar10-valid", 200, "train_loss", 3) == 1.504583
    assert mean(runs, "cifar10-valid", 200, "train_seconds", 3) == 28.884372
    assert mean(runs, "cifar10-valid", 200, "valid_seconds", 3) == 10.195917
    run, _ = runs["cifar10-valid", 200, 777]
    assert (run["parameters"], run["flops"]) == (129_306, 15_647_370)
    assert run["seconds_are_measured"] is False


def test_known_values_of_cell_11(topology_runs):
    runs = topology_runs[11]
    assert mean(runs, "cifar10-valid", 200, "valid_accuracy") == 0.8794
    assert mean(runs, "cifar10-valid", 200, "test_accuracy") == 0.8765
    assert mean(runs, "cifar10", 200, "test_accuracy") == 0.915833
    assert mean(runs, "cifar100", 200, "valid_accuracy") == 0.674533
    assert mean(runs, "cifar100", 200, "test_accuracy") == 0.676067
    assert mean(runs, "ImageNet16-120", 200, "valid_accuracy") == 0.304111
    assert mean(runs, "ImageNet16-120", 200, "test_accuracy") == 0.301667
    run, _ = runs["cifar10", 200, 888]
    assert (run["parameters"], run["flops"]) == (802_426, 113_951_370)


@pytest.mark.parametrize("write", [legacy, torch_zip, pickle.dumps])
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_file_like_v1_1_gives_the_same_rows(topology, topology_runs, tmp_path, write, protocol):
    path = tmp_path / "file.pth"
    path.write_bytes(write(as_v1_1(topology), protocol))
    source = NasBench201Source(path)
    assert found_runs(source.batches()) == topology_runs
    assert source.release == "v1.1"


def test_a_folder_of_single_files_gives_the_same_rows(topology, topology_runs, tmp_path):
    for index, record in as_v1_1(topology)["arch2infos"].items():
        (tmp_path / f"{index:06d}-SIMPLE.pth").write_bytes(legacy(record))
    assert found_runs(NasBench201Source(tmp_path).batches()) == topology_runs


def test_a_single_nats_file_gives_the_same_rows(folder, tmp_path):
    names = unpickled(folder / "meta.pickle.pbz2")["meta_archs"]
    records = {i: unpickled(folder / f"{i:06d}.pickle.pbz2") for i in INDEXES}
    path = tmp_path / "NATS.pickle.pbz2"
    path.write_bytes(bz2.compress(pickle.dumps(release(records, names=names), 4)))
    source = NatsBenchSource(path)
    assert found_runs(source.batches()) == found_runs(NatsBenchSource(folder).batches())
    assert source.benchmark == NatsBenchSource(folder).benchmark
