"""Every call beside the benchmark's own package, on genuine files and on a surrogate folder."""

from __future__ import annotations

import random
import warnings
from itertools import product

import nats_bench
import pytest
from tables import load_rows, nasbench201_rows

from mbml.compat.natsbench import NASBench201API, create
from mbml.compat.opening import QueryError, SurrogateWarning
from mbml.errors import UsageError
from mbml.sources.natsbench import NatsBenchSource
from mbml.store import ingest
from mbml.surrogate.natsbench import write_natsbench

DATASETS = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
HPS = {"tss": ("12", "200"), "sss": ("01", "12", "90")}
CASES = (
    "tss-genuine",
    "sss-genuine",
    pytest.param("tss-surrogate", marks=pytest.mark.slow),
    pytest.param("sss-surrogate", marks=pytest.mark.slow),
)
FOLDERS = {"tss": "NATS-tss-v1_0-3ffb9-simple", "sss": "NATS-sss-v1_0-50262-simple"}


@pytest.fixture(scope="module", params=CASES)
def pair(new_warehouse, request, tmp_path_factory):
    """The package, the interface over a warehouse, indices held, schedules."""
    space, _, kind = request.param.partition("-")
    home = tmp_path_factory.mktemp("compat")
    if kind == "genuine":
        folder = request.getfixturevalue("real_data") / "natsbench" / FOLDERS[space]
        indices = [0, 11]
    else:
        folder = home / "surrogate"
        name = {"tss": "topology", "sss": "size"}[space]
        write_natsbench(folder, space=name, cells=4, workers=1)
        indices = list(range(4))
    with new_warehouse(home / "w.duckdb") as warehouse:
        ingest(warehouse, NatsBenchSource(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = nats_bench.create(str(folder), space, fast_mode=True, verbose=False)
        for index in indices:
            theirs.reload(str(folder), index)
        ours = create(str(home / "w.duckdb"), space, fast_mode=True, verbose=False)
    return theirs, ours, indices, HPS[space]


def close(found, expected):
    """Equal to twelve digits, whatever the nesting; comments may be worded otherwise."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected.keys() - {"comment"}:
            close(found[key], expected[key])
    elif isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            close(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-11)
    else:
        assert found == expected


def epochs_of(hp):
    last = int(hp) - 1
    return sorted({None, 0, last // 2, last}, key=lambda one: -1 if one is None else one)


def test_get_more_info_at_any_epoch_and_seed(pair):
    theirs, ours, indices, hps = pair
    for index, dataset, hp in product(indices, DATASETS, hps):
        seeds = theirs.query_by_index(index, dataset, hp).keys()
        for iepoch, which in product(epochs_of(hp), (False, *seeds)):
            close(
                ours.get_more_info(index, dataset, iepoch, hp, which),
                theirs.get_more_info(index, dataset, iepoch, hp, which),
            )


def test_draws_are_those_of_the_original_under_the_same_seed(pair):
    theirs, ours, indices, hps = pair

    def draw(api):
        random.seed(5)
        asked = list(product(indices * 3, DATASETS, hps))
        infos = [api.get_more_info(index, dataset, hp=hp) for index, dataset, hp in asked]
        for index, dataset, hp in asked:
            trials = api.query_meta_info_by_index(index, hp)
            infos.append(trials.get_metrics(dataset, "train", None, is_random=True))
        return infos, [api.random() for _ in range(5)]

    (found, numbers), (expected, wanted) = draw(ours), draw(theirs)
    for one, other in zip(found, expected, strict=True):
        close(one, other)
    assert numbers == wanted


def test_simulated_training_and_its_clock(pair):
    theirs, ours, indices, hps = pair

    def train_first(api):
        random.seed(10)
        return api.simulate_train_eval(api.arch(0), "cifar10", account_time=False)

    def train(api):
        random.seed(9)
        api.reset_time()
        return [
            api.simulate_train_eval(index, dataset, iepoch, hp)
            for index, dataset, hp in product(indices, DATASETS[1:], hps)
            for iepoch in epochs_of(hp)
        ]

    for one, other in zip(train(ours), train(theirs), strict=True):
        close(one, other)
    close(train_first(ours), train_first(theirs))
    close(ours.used_time, float(theirs.used_time))


def test_costs_latency_configuration_and_text(pair):
    theirs, ours, indices, hps = pair
    for index, hp in product(indices, hps):
        assert ours.query_by_arch(index, hp) == theirs.query_by_arch(index, hp)
        for dataset in DATASETS:
            close(ours.get_cost_info(index, dataset, hp), theirs.get_cost_info(index, dataset, hp))
            close(ours.get_latency(index, dataset, hp), theirs.get_latency(index, dataset, hp))
            assert ours.get_net_config(index, dataset) == theirs.get_net_config(index, dataset)


def test_trials_by_seed(pair):
    theirs, ours, indices, hps = pair
    for index, dataset, hp in product(indices, DATASETS, hps):
        expected = theirs.query_by_index(index, dataset, hp)
        found = ours.query_by_index(index, dataset, hp)
        assert found.keys() == expected.keys()
        for seed, trial in expected.items():
            mine = found[seed]
            assert (mine.name, mine.epochs, mine.seed) == (
                trial.name,
                trial.epochs,
                int(trial.seed),
            )
            for name in ("train_acc1es", "train_losses", "eval_acc1es", "eval_losses"):
                close(getattr(mine, name), getattr(trial, name))
            close(mine.get_times(), trial.get_times())
            close(mine.get_train(0), trial.get_train(0))
            close(float(mine.get_latency()), float(trial.get_latency()))


def test_find_best_with_and_without_bounds(pair):
    theirs, ours, indices, hps = pair
    costs = [theirs.get_cost_info(index, "cifar10-valid", "12") for index in indices]
    flops, params = (sum(one[key] for one in costs) / len(costs) for key in ("flops", "params"))
    asked = [(d, s) for d in ("cifar10", "cifar100", "ImageNet16-120") for s in ("valid", "test")]
    asked += [("cifar10-valid", "x-valid"), ("cifar10-valid", "ori-test"), ("cifar100", "train")]
    for (dataset, metric), hp, bounds in product(
        asked, hps, ({}, {"flop_max": flops}, {"param_max": float(params)}, {"flop_max": 0.1})
    ):
        expected = theirs.find_best(dataset, metric, hp=hp, enforce_all=False, **bounds)
        close(ours.find_best(dataset, metric, hp=hp, **bounds), expected)


def test_the_space_itself(pair):
    theirs, ours, indices, hps = pair
    assert len(ours) == len(theirs)
    assert [ours.arch(i) for i in range(0, len(ours), 97)] == theirs.meta_archs[::97]
    assert ours[3] == theirs[3]
    assert ours.evaluated_indexes == theirs.evaluated_indexes == set(indices)
    assert sorted(ours.avaliable_hps) == sorted(theirs.avaliable_hps)
    assert ours.full_train_epochs == theirs.full_train_epochs
    assert ours.search_space_name == theirs.search_space_name
    assert ours.query_index_by_arch("no such") == theirs.query_index_by_arch("no such") == -1
    assert ours.query_index_by_arch(theirs.arch(11)) == 11
    for dataset, hp in product(DATASETS, hps):
        assert ours.statistics(dataset, hp) == theirs.statistics(dataset, hp)
    if ours.search_space_name == "topology":
        text = theirs.arch(11)
        assert ours.str2lists(text) == theirs.str2lists(text)
        assert (ours.str2matrix(text) == theirs.str2matrix(text)).all()
        assert ours.get_unique_str(11) == theirs.get_unique_str(11)


@pytest.mark.parametrize(
    "arguments",
    [
        (0, "svhn"),
        (10**6, "cifar10"),
        ("no such", "cifar10"),
        (0, "cifar10", 300),
        (0, "cifar10", -1),
        (0, "cifar10", None, "13"),
        (0, "cifar10", None, "12", 5),
    ],
)
def test_what_the_original_refuses_is_refused(pair, arguments):
    theirs, ours, *_ = pair
    with pytest.raises((ValueError, KeyError)) as original:
        theirs.get_more_info(*arguments)
    with pytest.raises(QueryError) as found:
        ours.get_more_info(*arguments)
    assert isinstance(found.value, original.type)


def test_what_is_not_held_is_told(pair):
    _, ours, *_ = pair
    with pytest.raises(QueryError, match=r"architecture 77 is not in .*w\.duckdb"):
        ours.get_more_info(77, "cifar10")
    with pytest.raises(QueryError, match="nothing was measured on 'x-valid' of 'cifar10'"):
        ours.find_best("cifar10", "x-valid")
    with pytest.raises(QueryError, match="invalid dataset 'cifar10-valid'"):
        ours.simulate_train_eval(0, "cifar10-valid")


def test_an_architecture_is_an_index_or_a_text_or_nothing(pair):
    theirs, ours, *_ = pair
    assert len(ours) == len(theirs)
    for place in (0, len(ours) - 1):
        assert ours[place] == ours.arch(place) == theirs.arch(place)
        assert ours.query_index_by_arch(ours[place]) == ours.query_index_by_arch(place) == place
    assert ours.query_index_by_arch("no such") == ours.query_index_by_arch([]) == -1
    for beyond in (-1, len(ours)):
        with pytest.raises(QueryError, match=f"index {beyond}; there are 0 to {len(ours) - 1}"):
            ours.query_index_by_arch(beyond)
        with pytest.raises(QueryError, match=f"index {beyond}; there are 0 to {len(ours) - 1}"):
            ours.arch(beyond)


@pytest.mark.slow
def test_opening(new_warehouse, tmp_path):
    write_natsbench(tmp_path / "surrogate", cells=1, workers=1)
    with pytest.raises(UsageError, match=r"load it once: mbml ingest .*surrogate"):
        create(tmp_path / "surrogate", "tss")
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        with pytest.raises(UsageError, match="holds nothing of nasbench201"):
            NASBench201API(warehouse)
        ingest(warehouse, NatsBenchSource(tmp_path / "surrogate"))
        with pytest.warns(SurrogateWarning, match="invented"):
            api = NASBench201API(warehouse)
        assert repr(api) == "NASBench201API(1/15625 architectures, file=w.duckdb)"
    with pytest.raises(QueryError, match="invalid search space 'tiny'"):
        create(None, "tiny")


def test_a_table_of_summaries_gives_what_it_holds(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(3), tmp_path / "summary.parquet")
    api = create(warehouse, "tss")
    found = api.get_more_info(2, "cifar100", hp="200")
    assert found["test-accuracy"] == pytest.approx(41.0)
    assert found["train-accuracy"] is found["valid-all-time"] is None
    assert "valtest-accuracy" not in found
    assert "train : [loss = None & top1 = None%], valid" in api.query_by_arch(2, "200")
    assert api.find_best("cifar100", "test", hp="200") == (2, pytest.approx(41.0))
    assert api.get_cost_info(2, "cifar100", "200")["latency"] is None
    with pytest.raises(QueryError, match="no times are held, so nothing can be charged"):
        api.simulate_train_eval(2, "cifar100", hp="200")
    assert api.used_time == 0
