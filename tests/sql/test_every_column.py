"""Every column of every view and macro, against values worked out anew from small invented rows.

No two measurements are equal, so that no column can show the values of another one unseen.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from math import isclose
from statistics import fmean, pstdev

import polars as pl
import pytest
from tables import load_rows

from mbml.spaces import nasbench101, nasbench201, natsbench_sss
from mbml.store import open_warehouse

ACCURACIES = (
    "train_accuracy",
    "train_top5_accuracy",
    "valid_accuracy",
    "test_accuracy",
    "valid_test_accuracy",
)
OTHERS = (
    "train_loss",
    "valid_loss",
    "test_loss",
    "valid_test_loss",
    "train_seconds",
    "valid_seconds",
    "test_seconds",
    "valid_test_seconds",
)
MEASURED = (*ACCURACIES, *OTHERS)
PER_RUN = ("parameters", "flops", "latency_seconds", "total_seconds", "seconds_are_measured")

DATASETS = {
    "cifar10valid": "cifar10-valid",
    "cifar10": "cifar10",
    "cifar100": "cifar100",
    "imagenet16_120": "ImageNet16-120",
}
#: Epochs recorded of each schedule; those of 200 include one that no view of checkpoints shows.
RECORDED = {
    "nasbench101": {4: (2, 4), 12: (6, 12), 36: (18, 36), 108: (54, 108)},
    "nasbench201": {12: (3, 12), 200: (1, 4, 7, 12, 36, 108, 200)},
    "natsbench_sss": {1: (1,), 12: (5, 12), 90: (1, 12, 90)},
}
TRIALS = {"nasbench101": (1, 2, 3), "nasbench201": (777, 888, 999), "natsbench_sss": (777,)}
#: Three convolutions of 1x1 and two of 3x3 in the first cell; none at all in the last.
NASBENCH101 = (
    (
        "0100000001000000010000000100000001000000010000000",
        "input,conv1x1-bn-relu,conv3x3-bn-relu,conv1x1-bn-relu,conv3x3-bn-relu,conv1x1-bn-relu,output",
    ),
    ("010001000", "input,conv3x3-bn-relu,output"),
    (
        "0101000100000010000100000",
        "input,maxpool3x3,conv3x3-bn-relu,maxpool3x3,output",
    ),
    ("011001000", "input,conv1x1-bn-relu,output"),
    ("0110001100010000", "input,maxpool3x3,conv3x3-bn-relu,output"),
    ("0111000100010000", "input,conv1x1-bn-relu,conv3x3-bn-relu,output"),
    ("0101001100010000", "input,conv1x1-bn-relu,maxpool3x3,output"),
    ("0100", "input,output"),
)
#: By search space of NAS-Bench-1Shot1, its cells of these, and whether the authors list them.
ONE_SHOT = {
    "s1": {"011001000": True, "0110001100010000": True},
    "s2": {"0111000100010000": False, "0101001100010000": True},
    "s3": {"0101000100000010000100000": False, "011001000": True, "0110001100010000": True},
}
NASBENCH201 = (0, 1462, 5000, 9930, 15624)
SIZES = ("8:16:24:32:40", "64:56:48:40:32")


def _written(benchmark):
    if benchmark == "nasbench101":
        return [
            {
                "adjacency": bits,
                "operations": operations,
                "module_hash": nasbench101.cell(bits, operations).graph_id,
            }
            for bits, operations in NASBENCH101
        ]
    order = nasbench201.official_order()
    texts = [order[i] for i in NASBENCH201] if benchmark == "nasbench201" else SIZES
    return [{"arch_str": text} for text in texts]


def _invented(benchmark, rng):
    """One row per architecture, data set, schedule, trial and epoch; some values are missing."""
    datasets = ("cifar10",) if benchmark == "nasbench101" else DATASETS.values()
    rows = []
    for number, cell in enumerate(_written(benchmark)):
        for dataset in datasets:
            for schedule, epochs in RECORDED[benchmark].items():
                is_summary = dataset == "ImageNet16-120" and schedule == 12
                # Each architecture lacks another trial, so that each is the first one somewhere.
                trials = [t for i, t in enumerate(TRIALS[benchmark]) if i != number or i == 0]
                for trial in (0,) if is_summary else trials:
                    run = {
                        "benchmark": benchmark,
                        "dataset": dataset,
                        "schedule_epochs": schedule,
                        "trial": trial,
                        "parameters": rng.randrange(10**5, 10**7),
                        "flops": rng.randrange(10**7, 10**9),
                        "latency_seconds": rng.random(),
                        "total_seconds": rng.random() * 1e4,
                        "seconds_are_measured": rng.random() < 0.5,
                    }
                    for epoch in epochs:
                        values = {name: rng.random() for name in ACCURACIES}
                        values |= {name: rng.random() * 100 for name in OTHERS}
                        missing = rng.sample(MEASURED, 2)
                        rows.append(cell | run | {"epoch": epoch} | values | dict.fromkeys(missing))
    return rows


@pytest.fixture(scope="module")
def rows():
    rng = random.Random(20261127)
    return {benchmark: _invented(benchmark, rng) for benchmark in RECORDED}


@pytest.fixture(scope="module")
def warehouse(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("every_column")
    with open_warehouse(folder / "w.duckdb", write=True) as opened:
        for benchmark, invented in rows.items():
            frame = pl.DataFrame(invented, infer_schema_length=None)
            load_rows(opened, frame, folder / f"{benchmark}.parquet")
        yield opened


def _key(row):
    return row.get("module_hash") or row["arch_str"]


def _operations(benchmark, key):
    if benchmark == "nasbench101":
        [cell] = [one for one in _written(benchmark) if one["module_hash"] == key]
        return cell["operations"].split(",")
    return re.findall(r"([a-z0-9_]+)~", key)


def _trusted(trials, name):
    """The value of trial 888, else of the first trial."""
    first = min(trials, key=lambda row: (row["trial"] != 888, row["trial"]))
    return first[name]


def _summary(trials):
    """Everything that is known of an architecture after one epoch, from its trials."""
    known = {name: _trusted(trials, name) for name in ("parameters", "flops")}
    known["latency_seconds"] = fmean(row["latency_seconds"] for row in trials)
    is_summary = trials[0]["trial"] == 0
    known["trials"] = None if is_summary else len(trials)
    for name in MEASURED:
        values = [row[name] for row in trials if row[name] is not None]
        known[name] = fmean(values) if values else None
        known[f"{name}_std"] = pstdev(values) if values and not is_summary else None
    return known


def _summaries(rows, benchmark):
    groups = defaultdict(list)
    for row in rows[benchmark]:
        groups[_key(row), row["dataset"], row["schedule_epochs"], row["epoch"]].append(row)
    return {group: _summary(trials) for group, trials in groups.items()}


def _cell_columns(benchmark, key):
    """Keys and meta-features of an architecture."""
    if benchmark == "natsbench_sss":
        cell = natsbench_sss.parse(key)
        widths = {f"width_{i}": int(width) for i, width in enumerate(key.split(":"), start=1)}
        index = {"arch_index": natsbench_sss.index_of(key)}
        return widths | index | {"graph_id": cell.graph_id, "functional_id": cell.functional_id}
    names = _operations(benchmark, key)
    kernels = [int(found) for one in names for found in re.findall(r"conv_?(\d)x", one)]
    columns = {
        "conv_num_layers": len(kernels),
        "conv_kernel_min": min(kernels, default=0),
        "conv_kernel_max": max(kernels, default=0),
        "conv_kernel_mode": max((1, 3), key=lambda k: (kernels.count(k), -k)) if kernels else 0,
    }
    if benchmark == "nasbench101":
        same = {"graph_id": key, "functional_id": key, "hash_order": int(key[:15], 16)}
        return columns | same | {"maxpool_num_layers": names.count("maxpool3x3")}
    cell = nasbench201.parse(key)
    return columns | {
        "arch_index": nasbench201.official_order().index(key),
        "graph_id": cell.graph_id,
        "functional_id": cell.functional_id,
        "avg_pool_num_layers": names.count("avg_pool_3x3"),
        "skip_connection_num_layers": names.count("skip_connect"),
        "zeroize_num_layers": names.count("none"),
    }


COMMON = (
    "parameters",
    "flops",
    "latency_seconds",
    "train_accuracy",
    "valid_accuracy",
    "test_accuracy",
    "train_accuracy_std",
    "valid_accuracy_std",
    "test_accuracy_std",
    "trials",
    "train_seconds",
)
HALFWAY = ("train_accuracy", "valid_accuracy", "test_accuracy", "train_seconds")


def _shown(view):
    """What a view holds, from its name: benchmark, data set, schedule and epochs."""
    if found := re.fullmatch(r"meta_nasbench101_(?:1shot1_s\d_)?(\d+)epochs", view):
        return "nasbench101", "cifar10", int(found[1]), (int(found[1]),)
    if found := re.fullmatch(r"meta_natsbench_sss_(\w+)_(\d+)epochs", view):
        return "natsbench_sss", DATASETS[found[1]], int(found[2]), (int(found[2]),)
    found = re.fullmatch(r"(meta|learning_curve)_nasbench201_(\w+?)(?:_(\d+)epochs|_(hp12))?", view)
    kind, dataset, epoch, is_short = found.groups()
    schedule = 12 if is_short else 200
    if kind == "learning_curve":
        epochs = RECORDED["nasbench201"][schedule]
    elif is_short:
        epochs = (12,)
    else:
        epochs = (int(epoch),) if epoch else (1, 4, 12, 36, 200)
    return "nasbench201", DATASETS[dataset], schedule, epochs


def _expected(view, rows):
    benchmark, dataset, schedule, epochs = _shown(view)
    summaries = _summaries(rows, benchmark)
    expected = {}
    for (key, of_dataset, of_schedule, epoch), known in summaries.items():
        if (of_dataset, of_schedule) != (dataset, schedule) or epoch not in epochs:
            continue
        row = {"arch_key": key} | _cell_columns(benchmark, key)
        row |= {name: known[name] for name in COMMON}
        if benchmark == "nasbench101":
            half = summaries[key, dataset, schedule, epoch // 2]
            row |= {f"halfway_{name}": half[name] for name in HALFWAY}
        else:
            row |= {"epoch": epoch, "valid_test_accuracy": known["valid_test_accuracy"]}
            row["valid_test_accuracy_std"] = known["valid_test_accuracy_std"]
        expected[key, epoch] = row
    return _of_one_shot(view, expected) if "1shot1" in view else expected


def _of_one_shot(view, expected):
    listed = ONE_SHOT[view.split("_")[3]]
    bits = {one["module_hash"]: one["adjacency"] for one in _written("nasbench101")}
    return {
        key: row | {"listed_by_authors": listed[bits[key[0]]]}
        for key, row in expected.items()
        if bits[key[0]] in listed
    }


def _differing(row, wanted):
    """The columns in which a row is not as wanted, with both values; sums may end otherwise."""
    assert row.keys() == wanted.keys()
    return {
        name: (value, wanted[name])
        for name, value in row.items()
        if value != wanted[name]
        and not (
            isinstance(value, float)
            and isinstance(wanted[name], float)
            and isclose(value, wanted[name], rel_tol=1e-12, abs_tol=1e-12)
        )
    }


def _views(warehouse):
    names = warehouse.rows("select view_name from duckdb_views() where not internal")
    return sorted(name for (name,) in names if name.startswith(("meta_", "learning_curve_")))


def test_every_meta_dataset_and_learning_curve(warehouse, rows):
    ids = dict(warehouse.rows("select native_key, arch_id from architecture"))
    views = _views(warehouse)
    assert len(views) == 4 + 3 + 4 * 8 + 4 * 2 + 4 * 3
    for view in views:
        expected = _expected(view, rows)
        assert len(expected) >= 2, view
        held = warehouse.frame(f"from {view}").to_dicts()
        assert len(held) == len(expected), view
        for row in held:
            wanted = expected[row["arch_key"], row.get("epoch", _shown(view)[2])]
            wanted = wanted | {"arch_id": ids[row["arch_key"]]}
            assert _differing(row, wanted) == {}, view


def test_the_summary_over_trials(warehouse, rows):
    held = warehouse.frame(
        "select native_key, dataset::text as dataset, schedule_epochs, epoch, cell_metric.*"
        " exclude (arch_id, dataset, schedule_epochs, epoch)"
        " from cell_metric inner join architecture using (arch_id)"
    )
    expected = {}
    for benchmark in RECORDED:
        summaries = _summaries(rows, benchmark)
        for (key, dataset, schedule, epoch), known in summaries.items():
            at_end = benchmark == "nasbench101" and epoch == schedule
            half = summaries[key, dataset, schedule, schedule // 2] if at_end else {}
            halfway = {f"halfway_{name}": half.get(name) for name in HALFWAY}
            expected[key, dataset, schedule, epoch] = known | halfway
    assert held.height == len(expected)
    for row in held.to_dicts():
        key = tuple(row.pop(name) for name in ("native_key", "dataset", "schedule_epochs", "epoch"))
        assert _differing(row, expected[key]) == {}, key


def test_measurements_come_back_as_they_were_loaded(warehouse, rows):
    names = ("dataset", "schedule_epochs", "trial", "epoch", *PER_RUN, *MEASURED)
    written = ("benchmark", "arch_str", "module_hash", "adjacency", "operations")
    loaded = [
        {name: row.get(name) for name in (*written, *names)}
        | {"arch_index": _cell_columns(row["benchmark"], _key(row)).get("arch_index")}
        for invented in rows.values()
        for row in invented
    ]
    held = warehouse.frame("from measurement").to_dicts()
    order = ("benchmark", "dataset", "schedule_epochs", "trial", "epoch", "train_loss", "test_loss")

    def place(row):
        return _key(row), *(str(row[name]) for name in order)

    assert sorted(held, key=place) == sorted(loaded, key=place)


def test_the_trials_of_each_cell(warehouse, rows):
    expected = defaultdict(set)
    for row in rows["nasbench201"]:
        if row["trial"]:
            expected[_key(row), row["dataset"], row["schedule_epochs"]].add(row["trial"])
    held = warehouse.rows(
        "select native_key, seeds.dataset::text, schedule_epochs, seeds"
        " from nasbench201_cell_seeds as seeds inner join architecture using (arch_id)"
    )
    found = {(key, dataset, schedule): seeds for key, dataset, schedule, seeds in held}
    assert found == {group: sorted(trials) for group, trials in expected.items()}


def _six(number):
    return None if number is None else f"{number:.6f}"


@pytest.mark.parametrize("epoch", [1, 108])
@pytest.mark.parametrize("dataset", ["cifar10-valid", "cifar100", "ImageNet16-120"])
def test_the_published_layout_of_nasbench201(warehouse, rows, dataset, epoch):
    numbers = {
        "none": 0,
        "skip_connect": 1,
        "nor_conv_1x1": 2,
        "nor_conv_3x3": 3,
        "avg_pool_3x3": 4,
    }
    expected = []
    for (key, of_dataset, schedule, of_epoch), known in _summaries(rows, "nasbench201").items():
        if (of_dataset, schedule, of_epoch) != (dataset, 200, epoch):
            continue
        names = _operations("nasbench201", key)
        edges = [f"{numbers[name]}." for name in names]
        matrix = [["0."] * 4 for _ in range(4)]
        for edge, (start, end) in zip(
            edges, ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)), strict=True
        ):
            matrix[end][start] = edge
        cell = _cell_columns("nasbench201", key)
        percent = {
            f"acc_{name}": None
            if known[f"{name}_accuracy"] is None
            else known[f"{name}_accuracy"] * 100
            for name in ("train", "valid", "test")
        }
        expected.append(
            {
                "id_arch": cell["arch_index"],
                "str_arch": key,
                "layers_all": str(names),
                "adjacency_matrix": "[[" + "]\n [".join(" ".join(row) for row in matrix) + "]]",
                "dataset": dataset,
                "epoch": epoch,
                **{
                    name: value
                    for name, value in cell.items()
                    if name.endswith(("layers", "min", "max", "mode"))
                },
                "flops": _six(known["flops"] / 1e6),
                "params": _six(known["parameters"] / 1e6),
                "latency": _six(known["latency_seconds"]),
                **{
                    f"time_{name}": _six(known[f"{name}_seconds"])
                    for name in ("train", "valid", "test")
                },
                **{
                    f"loss_{name}": _six(known[f"{name}_loss"])
                    for name in ("train", "valid", "test")
                },
                **{name: _six(value) for name, value in percent.items()},
            }
        )
    expected.sort(key=lambda row: row["id_arch"])
    expected = [{"row_index": row} | one for row, one in enumerate(expected)]
    held = warehouse.frame("from nasbench201_published_layout(?, ?)", [dataset, epoch]).to_dicts()
    assert held == expected


def test_the_published_layout_of_nasbench101(warehouse, rows):
    summaries = _summaries(rows, "nasbench101")
    expected = []
    for cell in sorted(_written("nasbench101"), key=lambda one: one["module_hash"]):
        key, bits = cell["module_hash"], cell["adjacency"]
        names = cell["operations"].split(",")
        nodes = len(names)
        matrix = [" ".join(bits[i * nodes : (i + 1) * nodes]) for i in range(nodes)]
        columns = _cell_columns("nasbench101", key)
        of = {
            "final": summaries[key, "cifar10", 36, 36],
            "halfway": summaries[key, "cifar10", 36, 18],
        }
        expected.append(
            {
                "module_adjacency": "[[" + "]\n [".join(matrix) + "]]",
                "module_operations": str(names),
                "trainable_parameters": of["final"]["parameters"],
                **{
                    f"{when}_{name}": _six(known[column])
                    for when, known in of.items()
                    for name, column in (
                        ("training_time", "train_seconds"),
                        ("train_accuracy", "train_accuracy"),
                        ("validation_accuracy", "valid_accuracy"),
                        ("test_accuracy", "test_accuracy"),
                    )
                },
                **{name: columns[name] for name in columns if name.startswith("conv_")},
                "maxpool_usage": int(columns["maxpool_num_layers"] > 0),
                "maxpool_num_layers": columns["maxpool_num_layers"],
            }
        )
    assert warehouse.frame("from nasbench101_published_layout(36)").to_dicts() == expected
