"""Records that are not as the benchmark writes them are refused with file, record and key path."""

from __future__ import annotations

import copy
import math
from collections import OrderedDict

import numpy as np
import pytest
from nas_records import OTHER, TEXT, arch, legacy, release, run, small_release
from oracle import expected_runs, found_runs

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
    "accuracy not a number": (
        run(train_acc1es={0: math.nan}),
        "train_accuracy: the value after 1 epochs is nan, expected percent from 0 to 100",
    ),
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
    "times that overflow": (run(train_times={0: 1e308, 1: 1e308}), "train_seconds: .* infinity"),
    "times that are truths": (
        run(train_times={0: True}),
        "/train_times: it holds True, not a float",
    ),
    "times without a value": (
        run(eval_times={"ori-test@0": None}),
        "eval_times: it holds None, not a float",
    ),
    "times beyond a double": (
        run(train_times={0: 10**400}),
        "/train_times: it holds an integer of 1,329 bits, not",
    ),
    "parameters too many by rounding": (
        run(params=4294.9672959999),
        r"/params: 4294.9672959999 millions are too large",
    ),
    "a part of a parameter": (
        run(params=0.1293061),
        "/params: 0.1293061 millions are not a whole number",
    ),
    "parameters that are a truth": (run(params=True), "/params: it is True, not a number"),
    "parameters beyond a double": (
        run(params=10**400),
        "/params: it is an integer of 1,329 bits, not",
    ),
    "FLOPs that are an integer": (run(flop=15), "/flop: it is 15, not a number of millions"),
    "FLOPs too many": (run(flop=9.3e12), r"/flop: 9300000000000.0 millions are too large"),
    "latency beyond a double": (
        run(latency=[10**400]),
        "/latency: it holds an integer of 1,329 bits, not",
    ),
    "latency that a double rounds": (
        run(latency=[2**53 + 1]),
        "/latency: it holds 9007199254740993, not a finite double",
    ),
    "latency that is a truth": (run(latency=[True]), "/latency: it holds True, not a finite"),
    "latencies that overflow": (
        run(latency=[1.7e308, 1.7e308]),
        "/latency: the mean of its numbers is not a finite number",
    ),
    "parameters not a number": (
        run(params=np.float64("nan")),
        "/params: it is nan, not a number of millions",
    ),
    "parameters too many": (
        run(params=np.float64(4295)),
        r"/params: 4295.0 millions are too large",
    ),
    "FLOPs infinite": (run(flop=math.inf), "/flop: it is inf, not a number of millions"),
    "latency not a number": (run(latency=[math.nan]), "/latency: it holds .*, not a finite double"),
    "latency of texts": (run(latency=["x"]), "/latency: it holds .*, not a finite double"),
    "another architecture's config": (
        run(arch_config={"arch_str": OTHER}),
        "/arch_config: it is not that of the architecture",
    ),
    "integers for floats": (
        run(train_losses={0: 1}),
        "/train_losses: it holds 1, not a float",
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
    "index under another key": ({1: {"less": arch(run())}}, "arch_index: expected 1, got 0"),
    "negative index": (
        {-1: {"less": arch(run(), index=-1)}},
        "index: it is -1, expected 0 to 15,624",
    ),
    "index beyond the space": (
        {15625: {"less": arch(run(), index=15625)}},
        "index: it is 15625, expected 0 to 15,624",
    ),
    "key that is a text": (
        {"0": {"less": arch(run())}},
        "a record has '0' as its key, expected an index",
    ),
    "index of 401 digits": (
        {10**400: {"less": arch(run())}},
        "index: it is an integer of 1,329 bits, expected 0 to 15,624",
    ),
    "another index of 401 digits": (
        {0: {"less": arch(run(), index=10**400)}},
        "arch_index: expected 0, got an integer of 1,329 bits",
    ),
    "index that is a truth": (
        {True: {"less": arch(run())}},
        "a record has True as its key, expected an index",
    ),
    "seed that is a truth": (
        {0: {"less": arch(all_results={("cifar10", True): run()})}},
        "is no data set and seed",
    ),
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
    "an unknown schedule": (
        {0: {"less": arch(run())}, 1: {"less": arch(run(), index=1), "more": None}},
        "arch2infos: it holds what is not a record",
    ),
    "no states": ({0: {"less": None}}, "'less': it is None, not a dict"),
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


@pytest.mark.parametrize("seed", [0, 1, 65_535])
def test_seeds_are_numbers_of_sixteen_bits(tmp_path, seed):
    (batch,) = read(tmp_path, release({0: {"less": arch(run(seed=seed))}}))
    assert batch.runs.column("trial").to_pylist() == [seed]


@pytest.mark.parametrize("seed", [-1, 65_536])
def test_other_numbers_are_no_seeds(tmp_path, seed):
    refused(tmp_path, release({0: {"less": arch(run(seed=seed))}}), "is no data set and seed")


@pytest.mark.parametrize(
    ("key", "column", "millions", "count"),
    [
        ("params", "parameters", 0.0, 0),
        ("params", "parameters", 1e-6, 1),
        ("params", "parameters", 0.129306, 129_306),
        ("params", "parameters", 4294.967295, 2**32 - 1),
        ("params", "parameters", 0.1293060009, 129_306),
        ("flop", "flops", 15.64737, 15_647_370),
        ("flop", "flops", 0.0, 0),
        ("flop", "flops", 2.0**40, 2**40 * 1_000_000),
    ],
)
def test_millions_are_counts_to_the_last_digit(tmp_path, key, column, millions, count):
    (batch,) = read(tmp_path, small_release(**{key: millions}))
    assert batch.runs.column(column).to_pylist() == [count]


@pytest.mark.parametrize(
    ("key", "millions"),
    [
        ("params", -1e-6),
        ("params", 4294.967296),
        ("params", 0.129306002),
        ("flop", 2.0**63 / 1e6),
        ("flop", float("inf")),
    ],
)
def test_other_millions_are_no_counts(tmp_path, key, millions):
    refused(tmp_path, small_release(**{key: millions}), f"/{key}: ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [([2**53 - 1], 2.0**53 - 1), ([0.0, 2], 2.0), ([-0.5], None), ([1e308, 1e307], 5.5e307)],
)
def test_latencies_may_be_whole_and_large(tmp_path, value, expected):
    (batch,) = read(tmp_path, small_release(latency=value))
    assert batch.runs.column("latency_seconds").to_pylist() == [expected]


@pytest.mark.parametrize("value", [[2**53], [float("nan")], ["1"], [True], [1e308] * 2, (1.0,)])
def test_other_latencies_are_refused(tmp_path, value):
    refused(tmp_path, small_release(latency=value), "/latency: ")


CURVES = {
    "train_acc1es": "train_accuracy",
    "train_acc5es": "train_top5_accuracy",
    "train_losses": "train_loss",
    "train_times": "train_seconds",
    "eval_acc1es": "test_accuracy",
    "eval_losses": "test_loss",
    "eval_times": "test_seconds",
}


@pytest.mark.parametrize(("key", "column"), CURVES.items())
def test_numbers_of_a_curve_are_percents_or_not_negative(tmp_path, key, column):
    split = "ori-test@" if key.startswith("eval") else ""
    points = [f"{split}{epoch}" if split else epoch for epoch in (0, 1)]
    is_percent = "acc" in key
    most = 100.0 if is_percent else 1e9
    (batch,) = read(tmp_path, small_release(**{key: dict(zip(points, (0.0, most), strict=True))}))
    expected = [0, 1 if is_percent else 1e9, None]
    assert batch.epochs.column(column).to_pylist()[:3] == expected
    beyond = (100.00001,) if is_percent else ()
    for wrong in (-1e-9, float("nan"), float("inf"), *beyond):
        refused(
            tmp_path,
            small_release(**{key: {points[0]: wrong, points[1]: 1.0}}),
            f"{column}: the value after 1 epochs is {wrong}",
        )
