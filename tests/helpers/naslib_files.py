"""Dictionaries as NASLib pickles them, made of records of the benchmarks."""

from __future__ import annotations

import numpy as np
from nas_records import TEXT, run
from records import BITS, FIRST_RECORD, HASH, OPERATIONS

LAST = 199
MEASURED = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")


def pair_101(bits=BITS, operations=OPERATIONS, lengths=(108,), repeats=3, **changes):
    """What stands under a module hash: the fixed, and the results by length of training."""
    labels = operations.split(",")
    side = len(labels)
    fixed = {
        "module_adjacency": np.array([*map(int, bits)], np.int64).reshape(side, side),
        "module_operations": labels,
        "trainable_parameters": 8_555_530,
    }
    results = {epochs: [result_101(n) for n in range(repeats)] for epochs in lengths}
    return {**fixed, **changes}, results


def result_101(number=0, **changes):
    """One repeat: the evaluations of the first record, later repeats a little better."""
    found = {}
    for when, values in zip(("halfway", "final"), FIRST_RECORD[1:], strict=True):
        for name, value in zip(MEASURED, values[1:], strict=True):
            found[f"{when}_{name}"] = value + number / 64
    return {**found, **changes}


def dictionary_101(**changes):
    return {HASH: pair_101(**changes)}


def of_run(result):
    """What NASLib keeps of a `ResultsCount` state of 200 epochs: values without their keys."""
    return {
        **{key: list(result[key].values()) for key in ("train_acc1es", "train_losses")},
        **{key: list(result[key].values()) for key in ("eval_acc1es", "eval_losses")},
        "cost_info": {
            "flops": result["flop"],
            "params": result["params"],
            "latency": result["latency"][-1],
            "train_time": result["train_times"][0],
        },
    }


def of_201(dataset, text=TEXT):
    """A run of 200 epochs whose splits were evaluated as in the benchmark: one after each."""
    mixed = ["ori-test", "x-valid", "x-test"]
    splits = ["x-valid", "ori-test"] if dataset == "cifar10-valid" else mixed
    points = [f"{splits[0]}@{e}" for e in range(200)] + [f"{one}@{LAST}" for one in splits[1:]]
    return run(
        dataset,
        888,
        200,
        text,
        eval_names=splits,
        eval_acc1es={p: 9.5 + n / 8 for n, p in enumerate(points)},
        eval_losses={p: 2.5 / (n + 1) for n, p in enumerate(points)},
    )


def dictionary_201(*datasets, text=TEXT, **changes):
    return {text: {one: {**of_run(of_201(one, text)), **changes} for one in datasets}}
