"""Records that are not as the benchmark writes them are refused with file, record and key path."""

from __future__ import annotations

import copy
import math
from collections import OrderedDict

import numpy as np
import pytest
from nas_records import OTHER, TEXT, arch, legacy, release, run, small_release
from sources.oracle import expected_runs, found_runs

from mbml.errors import SourceError
from mbml.sources.nasbench201.source import NasBench201Source

WRONG = {
    "None": None,
    "text": "x",
    "integer": -7,
    "boolean": True,
    "float": 1.5,
    "list": [1],
    "tuple": (1, 2),
    "dict": {"x": "y"},
    "numbers": {0: 1.0, 500: 1.0},
    "numpy": np.float64(-1),
}
#: Wrong types that are right ones after all.
FINE = {
    "train_acc1es": {"None"},
    "train_acc5es": {"None"},
    "train_losses": {"None"},
    "train_times": {"None"},
    "eval_acc1es": {"None"},
    "eval_times": {"None"},
    "eval_losses": {"None"},
    "net_state_dict": {"None"},
    "latency": {"None", "list"},
    "params": {"float"},
    "flop": {"float"},
    "clear_net_done": {"boolean"},
    "evaluated_indexes": set(),
}


def wrong_values(keys):
    return [
        pytest.param(key, WRONG[kind], id=f"{key}={kind}")
        for key in keys
        for kind in WRONG
        if kind not in FINE.get(key, ())
    ]


def read(tmp_path, value):
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(value))
    return list(NasBench201Source(path).batches())


def refused(tmp_path, value, message):
    with pytest.raises(SourceError, match=message) as caught:
        read(tmp_path, value)
    assert str(caught.value).startswith(str(tmp_path / "file.pth"))


def test_the_record_made_by_hand_is_read(tmp_path):
    record = {"full": arch(run(epochs=200)), "less": arch(run(), run("cifar100", 888))}
    path = tmp_path / "file.pth"
    path.write_bytes(legacy(release({0: record})))
    assert found_runs(NasBench201Source(path).batches()) == {0: expected_runs(record)}


@pytest.mark.parametrize(("key", "value"), wrong_values(run()))
def test_a_wrong_type_in_a_run_is_refused(tmp_path, key, value):
    where = r"architecture 0 \(bytes \d+ to \d+\).*'less'/all_results/\('cifar10', 777\)"
    state = arch(run())
    state["all_results"]["cifar10", 777][key] = value
    refused(tmp_path, release({0: {"less": state}}), rf"{where}/{key}")


@pytest.mark.parametrize(("key", "value"), wrong_values(arch()))
def test_a_wrong_type_in_an_architecture_is_refused(tmp_path, key, value):
    state = arch(run(), **{key: value})
    refused(tmp_path, release({0: {"less": state}}), rf"architecture 0 .*{key}")


@pytest.mark.parametrize(("key", "value"), wrong_values(release({})))
def test_a_wrong_type_at_the_top_is_refused(tmp_path, key, value):
    top = release({0: {"less": arch(run())}}, **{key: value})
    with pytest.raises(SourceError):
        read(tmp_path, top)


@pytest.mark.parametrize("key", run())
def test_a_missing_key_in_a_run_is_refused(tmp_path, key):
    state = arch(run())
    del state["all_results"]["cifar10", 777][key]
    refused(tmp_path, release({0: {"less": state}}), f"keys are not the benchmark's: '{key}'")


@pytest.mark.parametrize("key", arch())
def test_a_missing_key_in_an_architecture_is_refused(tmp_path, key):
    state = arch(run())
    del state[key]
    refused(tmp_path, release({0: {"less": state}}), f"keys are not the benchmark's: '{key}'")


@pytest.mark.parametrize("key", release({}))
def test_a_missing_key_at_the_top_is_refused(tmp_path, key):
    top = release({0: {"less": arch(run())}})
    del top[key]
    refused(tmp_path, top, "something else than meta_archs")


RUNS = {
    "seed of another": ({**run(), "seed": "0888"}, "/seed: it is not '0777'"),
    "seed without zeros": ({**run(), "seed": "777"}, "/seed: it is not '0777'"),
    "name of another": ({**run(), "name": "cifar100"}, "/name: it is not 'cifar10'"),
    "epochs of another schedule": ({**run(), "epochs": 200}, "/epochs: it is not 12"),
    "epoch beyond the last": (run(train_losses={12: 1.0}), "/train_losses: a key is not an epoch"),
    "negative epoch": (run(train_losses={-1: 1.0}), "/train_losses: a key is not an epoch"),
    "split epoch beyond": (run(eval_losses={"ori-test@12": 1.0}), "has epoch 12 of 12"),
    "split without epoch": (run(eval_losses={"ori-test": 1.0}), "not of the form split@epoch"),
    "split with a padded epoch": (
        run(eval_losses={"ori-test@01": 1.0}),
        "not of the form split@epoch",
    ),
    "split not named": (run(eval_names=[]), "split 'ori-test' is not in eval_names"),
    "split of another data set": (
        run(eval_names=["ori-test", "x-test"], eval_losses={"x-test@0": 1.0}),
        "cifar10 has no split 'x-test'",
    ),
    "mixed splits": (
        run("cifar10-valid", eval_names=["x-test"], eval_acc1es={"x-test@3": 1.0}),
        "cifar10-valid has no split 'x-test'",
    ),
    "accuracy not a number": (run(train_acc1es={0: math.nan}), "train_accuracy: the value after 1"),
    "accuracy above 100": (
        run(eval_acc1es={"ori-test@4": 100.5}),
        "test_accuracy: the value after 5 epochs",
    ),
    "accuracy below 0": (run(train_acc5es={2: -0.1}), "train_top5_accuracy: the value after 3"),
    "loss infinite": (run(train_losses={0: math.inf}), "train_loss: the value after 1"),
    "loss not a number": (
        run(eval_losses={"ori-test@0": math.nan}),
        "test_loss: the value after 1",
    ),
    "time negative": (run(train_times={0: -1.0}), "train_seconds: the value after 1"),
    "time not a number": (
        run(train_times={0: 1.0, 1: math.nan}),
        "train_seconds: the value after 2",
    ),
    "time with a gap not a number": (run(train_times={1: math.nan}), "train_seconds: it holds"),
    "times that overflow": (run(train_times={0: 1e308, 1: 1e308}), "train_seconds: the value"),
    "parameters not a number": (run(params=np.float64("nan")), "/params: it is not a number"),
    "parameters too many": (
        run(params=np.float64(4295)),
        r"/params: 4295.0 millions are too large",
    ),
    "FLOPs infinite": (run(flop=math.inf), "/flop: it is not a number"),
    "latency not a number": (run(latency=[math.nan]), "/latency: it holds what is not a finite"),
    "latency of texts": (run(latency=["x"]), "/latency: it holds what is not a finite"),
    "another architecture's config": (
        run(arch_config={"arch_str": OTHER}),
        "/arch_config: it is not that of the architecture",
    ),
    "integers for floats": (
        run(train_losses={0: 1}),
        "/train_losses: it holds what is not a float",
    ),
    "weights": (run(net_state_dict=OrderedDict()), "/net_state_dict: it is not None"),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_cannot_be_is_refused(tmp_path, name):
    changed, message = RUNS[name]
    good = run("cifar10-valid" if "valid" in message else "cifar10")
    state = arch(good)
    (key,) = state["all_results"]
    state["all_results"][key] = changed
    refused(tmp_path, release({0: {"less": state}}), message)


ARCHES = {
    "no such architecture": (
        {0: {"less": arch(run(text="|x~0|"), text="|x~0|")}},
        "architecture 0 .*, arch_str: .*",
    ),
    "size space string": (
        {0: {"less": arch(run(text="8:8:8:8:8"), text="8:8:8:8:8")}},
        "arch_str: .*",
    ),
    "another than meta_archs": (
        {1: {"less": arch(run(), index=1)}},
        "architecture 1: it is .*, where meta_archs has",
    ),
    "beyond meta_archs": ({7: {"less": arch(run(), index=7)}}, "meta_archs has only 2"),
    "index under another key": ({1: {"less": arch(run())}}, "arch_index: it is 0, not 1"),
    "negative index": ({-1: {"less": arch(run(), index=-1)}}, "arch_index"),
    "key that is a text": ({"0": {"less": arch(run())}}, "no index as its key"),
    "schedules of two architectures": (
        {0: {"full": arch(run(epochs=200)), "less": arch(run(text=OTHER), text=OTHER)}},
        "arch_str: it differs between schedules",
    ),
    "seeds that disagree": (
        {0: {"less": arch(run(), dataset_seed={"cifar10": [777, 888]})}},
        r"dataset_seed/cifar10: it is not the sorted list of the seeds in all_results, \[777\]",
    ),
    "data sets that disagree": (
        {0: {"less": arch(run(), dataset_seed={"cifar100": [777]})}},
        "it lists other data sets",
    ),
    "unknown data set": (
        {0: {"less": arch(all_results={("svhn", 777): run()}, dataset_seed={"svhn": [777]})}},
        r"key \('svhn', 777\) is no data set and seed",
    ),
    "seed out of range": (
        {0: {"less": arch(all_results={("cifar10", 70000): run()})}},
        "is no data set and seed",
    ),
    "no states": ({0: {"less": None}}, "'less': it is a NoneType, not a dict"),
}


@pytest.mark.parametrize("name", ARCHES)
def test_an_architecture_that_cannot_be_is_refused(tmp_path, name):
    records, message = ARCHES[name]
    refused(tmp_path, release(records, evaluated_indexes=[0]), message)


def test_missing_seeds_are_accepted(tmp_path):
    record = {"full": arch(), "less": arch(run("cifar100", 888))}
    (batch,) = read(tmp_path, release({0: record}))
    assert batch.runs.column("trial").to_pylist() == [888]


def test_an_index_that_comes_twice_is_refused(tmp_path):
    data = legacy(release({0: {"less": arch(run())}, 1: {"less": arch(run())}}))
    # The second record stands under the key 0 as well: K 1 } becomes K 0 }.
    assert data.count(b"K\x01}") == 1
    path = tmp_path / "file.pth"
    path.write_bytes(data.replace(b"K\x01}", b"K\x00}"))
    with pytest.raises(SourceError, match="architecture 0: it comes twice"):
        list(NasBench201Source(path).batches())


def test_evaluated_indexes_must_list_what_is_there(tmp_path):
    top = release({0: {"less": arch(run())}}, evaluated_indexes=[0, 1])
    refused(tmp_path, top, "evaluated_indexes: it does not list the 1 architectures")


def test_architectures_after_the_records_are_checked_too(tmp_path):
    top = release({0: {"less": arch(run())}}, names=[OTHER, TEXT])
    late = {
        key: top[key] for key in ("total_archs", "arch2infos", "evaluated_indexes", "meta_archs")
    }
    refused(tmp_path, late, "architecture 0: it is .*, where meta_archs has")


def test_gaps_are_null_and_sums_end_at_them(tmp_path):
    one = run(train_times={0: 1.0, 1: 2.0, 3: 4.0}, train_losses={11: 0.5}, eval_times={})
    (batch,) = read(tmp_path, release({0: {"less": arch(one)}}))
    seconds = batch.epochs.column("train_seconds").to_pylist()
    assert seconds == [1.0, 3.0, *[None] * 10]
    assert batch.epochs.column("train_loss").to_pylist() == [*[None] * 11, 0.5]
    assert batch.epochs.column("test_seconds").null_count == 12
    assert batch.runs.column("seconds_are_measured").to_pylist() == [True]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ([], None), ([-1, None], None), ([0.5, -1.0, None, 0.25], 0.375)],
)
def test_latency_is_the_mean_of_what_was_measured(tmp_path, value, expected):
    (batch,) = read(tmp_path, small_release(latency=value))
    assert batch.runs.column("latency_seconds").to_pylist() == [expected]


def test_releases_are_told_by_their_times(tmp_path):
    path = tmp_path / "renamed.bin"
    timed = run(epochs=200)
    untimed = run(epochs=200, train_times=None, eval_times={})
    found = []
    for runs in ([timed], [untimed], [timed, {**copy.deepcopy(untimed), "seed": "0888"}]):
        path.write_bytes(legacy(release({0: {"full": arch(*runs)}}, names=[TEXT])))
        source = NasBench201Source(path)
        assert source.release is None
        list(source.batches())
        found.append(source.release)
    assert found == ["v1.1", "v1.0", None]
