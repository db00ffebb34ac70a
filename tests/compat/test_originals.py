"""What NATS-Bench's own tests ask of its interface, stated anew.

Both spaces in every mode, texts, sizes, simulated trainings, iteration, draws, the best one.
"""

from __future__ import annotations

import random
from itertools import product

import pytest

from mbml.compat.natsbench import NASBench201API, create
from mbml.sources.natsbench import NatsBenchSource
from mbml.spaces import nasbench201, natsbench_sss
from mbml.store import ingest
from mbml.surrogate.natsbench import write_natsbench

DATASETS = ("cifar10", "cifar100", "ImageNet16-120")
SPACES = {
    "tss": ("topology", 15_625, ("12", "200"), 200),
    "sss": ("size", 32_768, ("01", "12", "90"), 90),
}
FOLDERS = {"tss": "NATS-tss-v1_0-3ffb9-simple", "sss": "NATS-sss-v1_0-50262-simple"}

pytestmark = pytest.mark.filterwarnings("ignore:.*SURROGATE")


@pytest.fixture(scope="module", params=("surrogate", "genuine"))
def path(new_warehouse, request, tmp_path_factory):
    """A warehouse of both spaces: of a few surrogate cells, or of the genuine 0, 11 and 284."""
    home = tmp_path_factory.mktemp("originals")
    folders = []
    for space, (name, *_) in SPACES.items():
        if request.param == "genuine":
            data = request.getfixturevalue("real_data")
            folders += [
                data / "natsbench" / FOLDERS[space],
                data / "natsbench_284" / FOLDERS[space],
            ]
        else:
            folders.append(home / f"surrogate-{space}")
            write_natsbench(folders[-1], space=name, cells=5, workers=1)
    with new_warehouse(home / "w.duckdb") as warehouse:
        for folder in folders:
            ingest(warehouse, NatsBenchSource(folder))
    return home / "w.duckdb"


@pytest.fixture(params=SPACES)
def space(request):
    return request.param


@pytest.fixture
def api(path, space):
    return create(path, space, fast_mode=True, verbose=False)


@pytest.mark.parametrize(("fast_mode", "verbose"), list(product((False, True), repeat=2)))
def test_both_spaces_open_in_every_mode(path, space, fast_mode, verbose):
    name, size, hps, epochs = SPACES[space]
    for place, tag in product((path, str(path)), (space, name)):
        api = create(place, tag, fast_mode, verbose)
        assert (api.fast_mode, api.verbose, api.filename) == (fast_mode, verbose, "w.duckdb")
        assert (len(api), api.search_space_name) == (size, name)
        assert (api.is_topology, api.is_size) == (space == "tss", space == "sss")
        assert api.full_train_epochs == api.full_epochs_in_paper == epochs
        assert sorted(api.avaliable_hps) == sorted(hps)


def test_the_default_warehouse_is_opened_where_no_path_is_given(path, space, monkeypatch):
    monkeypatch.setenv("MBML_WAREHOUSE", str(path))
    assert len(create(None, space)) == SPACES[space][1]


def test_iteration_goes_through_all_architectures_in_their_order(api, space):
    official = {"tss": nasbench201, "sss": natsbench_sss}[space].official_order()
    assert list(api) == list(official) == [api.arch(index) for index in range(len(api))]
    with pytest.raises(IndexError):
        api[len(api)]
    for index in (0, 11, 284, len(api) - 1):
        assert api.query_index_by_arch(api[index]) == index


def test_show_prints_every_schedule(api, capsys):
    index = min(api.evaluated_indexes)
    api.show(index)
    printed = capsys.readouterr().out
    for hp in api.avaliable_hps:
        assert f" {int(hp):03d} epochs " in printed
    assert printed.count(api.arch(index)) == len(api.avaliable_hps)
    assert "FLOP=" in printed
    assert "Params=" in printed
    api.show()
    printed = capsys.readouterr().out
    assert printed.startswith(repr(api))
    for index in api.evaluated_indexes:
        assert f"arch : {api.arch(index)}" in printed
    api.show(77)
    assert (
        capsys.readouterr().out == "The 77-th architecture has not been evaluated or not saved.\n"
    )
    api.show(len(api))
    assert "is out of range" in capsys.readouterr().out


def test_sizes_are_those_of_the_network_under_every_schedule(api, space):
    parse = {"tss": nasbench201.parse, "sss": natsbench_sss.parse}[space]
    for index, dataset, hp in product(api.evaluated_indexes, DATASETS, api.avaliable_hps):
        info = api.get_cost_info(index, dataset, hp)
        cell = parse(api.arch(index))
        assert info["params"] == pytest.approx(cell.parameters_on(dataset) / 1e6, abs=1e-9)
        assert info["flops"] == pytest.approx(cell.flops_on(dataset) / 1e6, abs=1e-9)
        assert info["latency"] == api.get_latency(index, dataset, hp) > 0
        assert info["T-train@total"] == pytest.approx(int(hp) * info["T-train@epoch"])


def test_trainings_are_simulated_on_all_data_sets_under_all_schedules(api):
    """The clock adds up what is charged, and charges nothing when told so."""
    total = 0
    for index, dataset, hp in product(api.evaluated_indexes, DATASETS, api.avaliable_hps):
        trained = "cifar10-valid" if dataset == "cifar10" else dataset
        accuracy, latency, cost, used = api.simulate_train_eval(index, dataset, hp=hp)
        infos = [
            api.get_more_info(index, trained, None, hp, seed)
            for seed in api.query_by_index(index, trained, hp)
        ]
        assert any(
            accuracy == info["valid-accuracy"]
            and cost == info["train-all-time"] + info["valid-per-time"]
            for info in infos
        )
        assert latency == api.get_latency(index, dataset, hp)
        total += cost
        assert used == api.used_time == pytest.approx(total)
        *_, unchanged = api.simulate_train_eval(
            api.arch(index), dataset, iepoch=0, hp=hp, account_time=False
        )
        assert unchanged == used
    api.reset_time()
    assert api.used_time == 0


def test_an_earlier_epoch_costs_its_share(api):
    index, hp = min(api.evaluated_indexes), api.avaliable_hps[-1]
    costs = [
        api.simulate_train_eval(index, "cifar100", iepoch, hp, account_time=False)[2]
        for iepoch in range(0, int(hp), 20)
    ]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1] / 5


def test_the_third_positional_of_nas_bench_201_is_the_schedule(path):
    old = NASBench201API(path)
    for index, hp in product(old.evaluated_indexes, ("12", "200")):
        accuracy, latency, cost, _ = old.simulate_train_eval(
            index, "cifar10", hp, account_time=False
        )
        trials = old.query_by_index(index, "cifar10-valid", hp)
        assert accuracy in [
            old.get_more_info(index, "cifar10-valid", None, hp, seed)["valid-accuracy"]
            for seed in trials
        ]
        assert cost > 0
        assert latency == old.get_latency(index, "cifar10", "12")
    assert old.used_time == 0


def test_versions_1_of_nas_bench_201_name_a_schedule_by_a_truth_value(path):
    old = NASBench201API(path)
    index = old.evaluated_indexes[0]
    for short, hp in ((True, "12"), (False, "200")):
        wanted = old.get_more_info(index, "cifar100", None, hp, is_random=False)
        for found in (
            old.get_more_info(index, "cifar100", use_12epochs_result=short, is_random=False),
            old.get_more_info(index, "cifar100", None, short, is_random=False),
        ):
            assert found == wanted
        results = {"12": old.arch2infos_less, "200": old.arch2infos_full}[hp][index]
        assert results.get_total_epoch() == int(hp)
        assert results.state_dict() == old.arch2infos_dict[index][hp].state_dict()
        assert (
            old.query_by_index(index, use_12epochs_result=short).state_dict()
            == old.query_meta_info_by_index(index, hp).state_dict()
        )
        assert old.find_best("cifar100", "valid", use_12epochs_result=short) == old.find_best(
            "cifar100", "valid", hp=hp
        )
        assert old.query_by_arch(index, use_12epochs_result=short) == old.query_by_arch(index, hp)
    limit = old.get_cost_info(index, "cifar100")["flops"]
    best, _ = old.find_best("cifar100", "valid", FLOP_max=limit, hp="200")
    assert old.get_cost_info(best, "cifar100")["flops"] <= limit


def test_draws_are_pythons_own_and_of_the_whole_space(api):
    random.seed(3)
    expected = [random.randint(0, len(api) - 1) for _ in range(200)]
    random.seed(3)
    assert [api.random() for _ in range(200)] == expected


def test_the_best_is_the_best_of_all_that_is_held(api):
    for dataset, hp in product(DATASETS, api.avaliable_hps):
        trained = "cifar10-valid" if dataset == "cifar10" else dataset
        accuracies = {
            index: api.get_more_info(index, trained, None, hp, is_random=False)["valid-accuracy"]
            for index in api.evaluated_indexes
        }
        index, accuracy = api.find_best(dataset, "valid", hp=hp)
        assert accuracy == pytest.approx(max(accuracies.values()))
        assert accuracies[index] == pytest.approx(accuracy)


def test_results_are_a_mapping_by_index_and_schedule(api):
    assert list(api.arch2infos_dict) == sorted(api.evaluated_indexes)
    assert 77 not in api.arch2infos_dict
    with pytest.raises(KeyError):
        api.arch2infos_dict[77]
    for index, by_schedule in api.arch2infos_dict.items():
        assert list(by_schedule) == api.avaliable_hps
        for hp, results in by_schedule.items():
            assert results.get_total_epoch() == int(hp)
            assert results.arch_idx_str() == f"{index:06d}"
            assert results.get_latency("cifar100") == api.get_latency(index, "cifar100", hp)
            assert len(results.all_results) == sum(map(len, results.dataset_seed.values()))


def test_what_loads_and_clears_in_the_original_may_be_called(api, tmp_path):
    index = min(api.evaluated_indexes)
    before = api.get_more_info(index, "cifar100", is_random=False)
    api._prepare_info(index)
    api.reload(str(tmp_path), index)
    api.reload()
    api.clear_params(index)
    api.clear_params(index, "12")
    assert api.get_more_info(index, "cifar100", is_random=False) == before
    for refused in (lambda: api.clear_params(index, "13"), lambda: api.reload(None, 77)):
        with pytest.raises(ValueError, match=r"hyper-parameters '13'|architecture 77 is not in"):
            refused()


def test_words_of_failure(api):
    for kind in (KeyError, ValueError, AssertionError, TypeError):
        with pytest.raises(kind):
            api.get_more_info(min(api.evaluated_indexes), "nope")
    for refused in (
        lambda: api.statistics("nope", "12"),
        lambda: api.get_net_config(0, "nope"),
        lambda: api.simulate_train_eval(0, "nope"),
        lambda: api.find_best("nope", "valid"),
        lambda: api.query_by_index(min(api.evaluated_indexes), "nope"),
        lambda: api.arch(-1),
    ):
        with pytest.raises(ValueError, match=r"nope|invalid index -1"):
            refused()


def test_a_trial_can_be_changed_and_made_again_of_its_dictionary(api):
    index, hp = min(api.evaluated_indexes), "12"
    results = api.query_by_index(index, hp=hp)
    again = type(results).create_from_state_dict(results.state_dict())
    assert again.get_metrics("cifar100", "x-test") == results.get_metrics("cifar100", "x-test")
    assert again.get_compute_costs("cifar100") == results.get_compute_costs("cifar100")
    again.reset_latency("cifar100", None, 0.5)
    again.reset_pseudo_train_times("cifar100", None, 2.0)
    again.reset_pseudo_eval_times("cifar100", None, "x-test", 3.0)
    costs = again.get_compute_costs("cifar100")
    assert (costs["latency"], costs["T-train@total"], costs["T-x-test@epoch"]) == (0.5, 24, 3)
    assert again.get_metrics("cifar100", "train", 3)["all_time"] == 8
    assert api.get_latency(index, "cifar100", hp) != 0.5


def test_trial_attributes(api):
    index, hp = min(api.evaluated_indexes), "12"
    for trial in api.query_by_index(index, "cifar100", hp).values():
        assert list(trial.train_times) == list(range(12))
        assert sum(trial.train_times.values()) == pytest.approx(trial.get_train()["all_time"])
        assert trial.eval_times["x-test@3"] == pytest.approx(
            trial.get_eval("x-test", 3)["cur_time"]
        )
        assert isinstance(trial.latency, list)
        assert trial.get_latency() == pytest.approx(sum(trial.latency) / len(trial.latency))
        assert trial.get_total_epoch() == 12
        assert trial.get_config(None) == api.get_net_config(index, "cifar100")
        assert trial.get_config(len)["genotype"] > 0
        assert trial.get_eval_set() == trial.eval_names
        assert repr(trial).startswith("ResultsCount(cifar100, arch=")
        with pytest.raises(ValueError, match="invalid iepoch 12"):
            trial.judge_valid(12)
