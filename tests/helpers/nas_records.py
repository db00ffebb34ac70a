"""Records as NAS-Bench-201 and NATS-Bench write them, made by hand, and files that hold them."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict

import numpy as np

from mbml.spaces import nasbench201

TEXT = (
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
    "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
)
OTHER = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
)
SPLITS = {
    "cifar10": ["ori-test"],
    "cifar10-valid": ["x-valid", "ori-test"],
    "cifar100": ["x-valid", "x-test", "ori-test"],
    "ImageNet16-120": ["x-valid", "x-test", "ori-test"],
}
TORCH_HEAD = (
    0x1950A86A20F9469CFC6C,
    1001,
    {
        "protocol_version": 1001,
        "little_endian": True,
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    },
)


def run(dataset="cifar10", seed=777, epochs=12, text=TEXT, **changes):
    """A `ResultsCount` state of 16 keys: accuracies grow from 10 % to under 60 %."""
    every = range(epochs)
    names = SPLITS[dataset]
    points = [f"{split}@{epoch}" for split in names for epoch in every]
    state = {
        "name": dataset,
        "train_acc1es": {e: 10.0 + e * 50 / (epochs + 1) for e in every},
        "train_acc5es": {e: 40.0 + e * 50 / (epochs + 1) for e in every},
        "train_losses": {e: 3.0 - e / (epochs + 1) for e in every},
        "train_times": OrderedDict((e, 7.25) for e in every),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": text, "class_num": 10},
        "params": np.float64(0.129306),
        "flop": 15.64737,
        "seed": f"{seed:04d}",
        "epochs": epochs,
        "latency": [np.float64(0.0139359758611311)],
        "eval_names": list(names),
        "eval_acc1es": {p: 9.5 + n / 8 for n, p in enumerate(points)},
        "eval_times": dict.fromkeys(points, 2.5),
        "eval_losses": {p: 2.5 / (n + 1) for n, p in enumerate(points)},
        "net_state_dict": None,
    }
    return {**state, **changes}


def arch(*runs, index=0, text=TEXT, **changes):
    """An `ArchResults` state of 5 keys."""
    results = {(one["name"], int(one["seed"])): one for one in runs}
    seeds: dict[str, list[int]] = {}
    for dataset, seed in results:
        seeds[dataset] = sorted([*seeds.get(dataset, []), seed])
    state = {
        "arch_index": index,
        "arch_str": text,
        "all_results": results,
        "dataset_seed": seeds,
        "clear_net_done": True,
    }
    return {**state, **changes}


def release(records, names=(TEXT, OTHER), **changes):
    """The dictionary at the top of a file of all architectures."""
    top = {
        "meta_archs": list(names),
        "total_archs": len(names),
        "arch2infos": dict(records),
        "evaluated_indexes": sorted(records),
    }
    return {**top, **changes}


def small_release(**changes):
    """A release of one architecture with one run."""
    return release({0: {"less": arch(run(**changes))}}, names=[TEXT])


def legacy(value, protocol=2, storages=()):
    """The bytes of `torch.save` before PyTorch 1.6."""
    out = io.BytesIO()
    for one in (*TORCH_HEAD, value, list(storages)):
        pickle.dump(one, out, protocol)
    return out.getvalue()


def torch_zip(value, protocol=2):
    """The bytes of `torch.save` since PyTorch 1.6."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(value, protocol))
        archive.writestr("archive/version", "3\n")
    return out.getvalue()


def bare(value, protocol=4):
    """The bytes of a pickle alone."""
    return pickle.dumps(value, protocol)


def plain(value):
    """What the reader gave, as Python's own types."""
    if hasattr(value, "keys_in_order"):
        return dict(zip(value.keys_in_order.texts, value.values_in_order.tolist(), strict=True))
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def slow_record(index):
    """A legal record of some 800,000 opcodes: its configuration holds lists of nothing."""
    text = nasbench201.official_order()[index]
    config = {"arch_str": text, "x": [[None] * 99_000] * 8}
    return arch(run(text=text, arch_config=config), index=index, text=text)


def slow_bytes(value):
    """Pickle without the memo, so that lists are written each time that they come."""
    out = io.BytesIO()
    pickler = pickle.Pickler(out, 2)
    pickler.fast = True
    pickler.dump(value)
    return out.getvalue()
