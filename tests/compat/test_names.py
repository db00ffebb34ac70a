"""Every public name and signature of the originals is there.

`nats_bench` is compared as it is installed; the other two by the tables below. A parameter has the
original's name, place and default; what is added is a keyword with a default.
"""

from __future__ import annotations

import inspect
import random
import types
import typing
from inspect import Parameter

import nats_bench
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.compat import graph_util, model_spec, nasbench101, nasbench201, natsbench

#: `nas_201_api` 2.1, and what its versions 1 had besides.
NAS_201_API = """
__init__(file_path_or_dict=None, verbose=True)
__getitem__(index)
arch(index)
query_index_by_arch(arch)
query_by_arch(arch, hp)
reload(archive_root=None, index=None)
clear_params(index, hp=None)
query_info_str_by_arch(arch, hp='12')
query_meta_info_by_index(arch_index, hp='12')
query_by_index(arch_index, dataname=None, hp='12')
find_best(dataset, metric_on_set, FLOP_max=None, Param_max=None, hp='12')
get_net_param(index, dataset, seed, hp='12')
get_net_config(index, dataset)
get_cost_info(index, dataset, hp='12')
get_latency(index, dataset, hp='12')
get_more_info(index, dataset, iepoch=None, hp='12', is_random=True)
simulate_train_eval(arch, dataset, hp='12', account_time=True)
show(index=-1)
statistics(dataset, hp)
random()
reset_time()
"""
WITH_12_EPOCHS = (
    "get_more_info",
    "query_meta_info_by_index",
    "query_by_index",
    "query_by_arch",
    "find_best",
    "get_latency",
)
ARCH_RESULTS_201 = """
__init__(arch_index, arch_str)
get_compute_costs(dataset)
get_comput_costs(dataset)
get_metrics(dataset, setname, iepoch=None, is_random=False)
show(is_print=False)
get_dataset_names()
get_dataset_seeds(dataset)
get_net_param(dataset, seed=None)
reset_latency(dataset, seed, latency)
reset_pseudo_train_times(dataset, seed, estimated_per_epoch_time)
reset_pseudo_eval_times(dataset, seed, eval_name, estimated_per_epoch_time)
get_latency(dataset)
get_total_epoch(dataset=None)
query(dataset, seed=None)
arch_idx_str()
update(dataset_name, seed, result)
state_dict()
load_state_dict(state_dict)
clear_params()
debug_test()
"""
NASBENCH = """
__init__(dataset_file, seed=None)
query(model_spec, epochs=108, stop_halfway=False)
is_valid(model_spec)
get_budget_counters()
reset_budget_counters()
evaluate(model_spec, model_dir)
hash_iterator()
get_metrics_from_hash(module_hash)
get_metrics_from_spec(model_spec)
_check_spec(model_spec)
_hash_spec(model_spec)
"""
MODEL_SPEC = """
__init__(matrix, ops, data_format='channels_last')
hash_spec(canonical_ops)
visualize()
"""
GRAPH_UTIL = """
gen_is_edge_fn(bits)
is_upper_triangular(matrix)
is_full_dag(matrix)
num_edges(matrix)
hash_module(matrix, labeling)
permute_graph(graph, label, permutation)
is_isomorphic(graph1, graph2)
"""
TABLES = [
    (nasbench201.NASBench201API, NAS_201_API),
    (nasbench201.ArchResults, ARCH_RESULTS_201),
    (nasbench101.NASBench, NASBENCH),
    (nasbench101.ModelSpec, MODEL_SPEC),
    (graph_util, GRAPH_UTIL),
]
NATS_CLASSES = ("NATStopology", "NATSsize", "ArchResults", "ResultsCount")


def parameters(function, *, is_method):
    found = list(inspect.signature(function).parameters.values())
    return found[1:] if is_method else found


def read(line):
    """The name and the parameters of a line of a table."""
    name, _, rest = line.partition("(")
    function = eval(f"lambda {rest.removesuffix(')')}: None")
    return name, list(inspect.signature(function).parameters.values())


def check(found, wanted):
    assert len(found) >= len(wanted)
    for ours, theirs in zip(found, wanted, strict=False):
        assert (ours.name, ours.kind) == (theirs.name, theirs.kind)
        if theirs.default is not Parameter.empty:
            same = ours.default == theirs.default
            assert same or (ours.name == "search_space" and list(ours.default) == [*theirs.default])
    for added in found[len(wanted) :]:
        assert added.kind is Parameter.KEYWORD_ONLY
        assert added.default is not Parameter.empty


def lines():
    return [
        pytest.param(
            owner, line, id=f"{owner.__name__.rpartition('.')[2]}.{line.partition('(')[0]}"
        )
        for owner, table in TABLES
        for line in table.split("\n")
        if line
    ]


@pytest.mark.parametrize(("owner", "line"), lines())
def test_signatures_of_the_tables(owner, line):
    name, wanted = read(line)
    function = getattr(owner, name)
    check(parameters(function, is_method=isinstance(owner, type)), wanted)


@pytest.mark.parametrize("name", WITH_12_EPOCHS)
def test_versions_1_of_nas_201_api_say_use_12epochs_result(name):
    found = inspect.signature(getattr(nasbench201.NASBench201API, name)).parameters
    assert found["use_12epochs_result"].kind is Parameter.KEYWORD_ONLY


def public(owner):
    return [
        name
        for name, value in vars(owner).items()
        if not name.startswith("_")
        and not isinstance(value, types.ModuleType)
        and name not in vars(typing)
    ]


@pytest.mark.parametrize("name", public(nats_bench))
def test_names_of_the_installed_nats_bench(name):
    ours, theirs = getattr(natsbench, name), getattr(nats_bench, name)
    assert callable(ours) == callable(theirs)
    if isinstance(theirs, types.FunctionType):
        check(parameters(ours, is_method=False), parameters(theirs, is_method=False))
    elif not callable(theirs):
        shortened = [one.split()[0] for one in theirs]
        assert list(ours) == shortened


def members():
    return [
        pytest.param(kind, name, id=f"{kind}.{name}")
        for kind in NATS_CLASSES
        for name in dir(getattr(nats_bench, kind))
        if name in {"__init__", "_prepare_info"} or not name.startswith("_")
    ]


@pytest.mark.parametrize(("kind", "name"), members())
def test_members_of_the_installed_nats_bench(kind, name):
    ours = inspect.getattr_static(getattr(natsbench, kind), name)
    theirs = inspect.getattr_static(getattr(nats_bench, kind), name)
    assert callable(ours) == callable(theirs)
    assert isinstance(ours, staticmethod) == isinstance(theirs, staticmethod)
    if callable(theirs):
        is_method = not isinstance(theirs, staticmethod)
        check(parameters(ours, is_method=is_method), parameters(theirs, is_method=is_method))


@pytest.fixture
def held(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(3), tmp_path / "201.parquet")
    load_rows(warehouse, nasbench101_rows(), tmp_path / "101.parquet")
    return warehouse


def test_attributes_of_objects(held):
    api = natsbench.create(held, "tss", fast_mode=True)
    for name in ("meta_archs", "archstr2index", "evaluated_indexes", "arch2infos_dict", "filename"):
        assert hasattr(api, name)
    assert isinstance(api.meta_archs, list)
    assert api.evaluated_indexes == {0, 1, 2}
    assert (api.fast_mode, api.archive_dir, api.verbose) == (True, None, True)
    assert (api.is_topology, api.is_size, api.full_epochs_in_paper) == (True, False, 200)
    api.reset_fast_mode(fast_mode=False)
    api.reset_archive_dir("somewhere")
    assert (api.fast_mode, api.archive_dir) == (False, "somewhere")
    old = nasbench201.NASBench201API(held)
    assert old.evaluated_indexes == [0, 1, 2]
    assert not hasattr(old, "fast_mode")
    one = nasbench101.NASBench(held)
    for name in ("config", "history", "valid_epochs", "fixed_statistics", "computed_statistics"):
        assert hasattr(one, name)
    assert one.history == {}
    assert (one.training_time_spent, one.total_epochs_spent) == (0, 0)


def test_one_import_gives_all_of_nasbench():
    assert nasbench101.graph_util is graph_util
    assert nasbench101.ModelSpec is model_spec.ModelSpec
    assert model_spec.is_upper_triangular is graph_util.is_upper_triangular
    assert natsbench.NASBench201API is nasbench201.NASBench201API


def test_versions_and_spaces():
    assert natsbench.version() == nats_bench.version().split()[0] == "v1.8"
    for tags in (("nats-bench", "tss"), ("nats-bench", "size"), ("nas-bench-201", None)):
        assert natsbench.search_space_info(*tags) == nats_bench.search_space_info(*tags)
    for tags in (("nats-bench", None), ("nas-bench-201", "tss"), ("other", "tss")):
        with pytest.raises(ValueError, match=r"Unknown|should be None"):
            nats_bench.search_space_info(*tags)
        with pytest.raises(ValueError, match="no search space"):
            natsbench.search_space_info(*tags)


def test_what_cannot_be_says_so(held, tmp_path):
    api = natsbench.create(held, "tss")
    results = api.query_by_index(1, hp="200")
    trial = results.query("cifar100", 0)
    assert trial.net_state_dict is None
    for refused in (
        lambda: api.get_net_param(1, "cifar100", None),
        lambda: results.get_net_param("cifar100"),
        trial.get_net_param,
    ):
        with pytest.raises(ValueError, match="a warehouse holds no trained weights"):
            refused()
    for refused in (natsbench.pickle_load, natsbench.ArchResults.create_from_state_dict):
        with pytest.raises(ValueError, match="mbml unpickles nothing"):
            refused("file")
    with pytest.raises(ValueError, match="mbml writes no pickles"):
        natsbench.pickle_save({}, tmp_path / "file")
    one = nasbench101.NASBench(held)
    with pytest.raises(ValueError, match="mbml trains no networks"):
        one.evaluate(nasbench101.ModelSpec([[0, 1], [0, 0]], ["input", "output"]), tmp_path)
    with pytest.raises(ValueError, match="expected the path of a warehouse, got dict"):
        natsbench.create({"meta_archs": []}, "tss")


def test_draws_come_from_the_module_random():
    assert natsbench.ArchResults(0, "x")._draws is random
