"""What the tables must hold, from Python's own unpickler: for genuine files in tests alone."""

from __future__ import annotations

import math
from itertools import accumulate

SPLITS = {
    "cifar10": {"ori-test": "test"},
    "cifar10-valid": {"x-valid": "valid", "ori-test": "test"},
    "cifar100": {"x-valid": "valid", "x-test": "test", "ori-test": "valid_test"},
    "ImageNet16-120": {"x-valid": "valid", "x-test": "test", "ori-test": "valid_test"},
}
SCHEDULES = {"full": 200, "less": 12, "200": 200, "12": 12, "01": 1, "90": 90}


def expected_runs(states):
    """Runs and epoch rows of a record: {(dataset, schedule, seed): (run columns, rows)}."""
    found = {}
    for name, state in states.items():
        for (dataset, seed), result in state["all_results"].items():
            key = (dataset, SCHEDULES[name], seed)
            found[key] = (_run_columns(result), _rows(result, dataset))
    return found


def _run_columns(result):
    positive = [one for one in result["latency"] or [] if one is not None and one > 0]
    times = list((result["train_times"] or {}).values())
    return {
        "parameters": round(float(result["params"]) * 1e6),
        "flops": round(result["flop"] * 1e6),
        "latency_seconds": sum(map(float, positive)) / len(positive) if positive else None,
        "total_seconds": None,
        "seconds_are_measured": (len(times) == 1 or len(set(times)) > 1) if times else None,
    }


def _rows(result, dataset):
    rows = [{} for _ in range(result["epochs"])]
    for column, key in (
        ("train_accuracy", "train_acc1es"),
        ("train_top5_accuracy", "train_acc5es"),
        ("train_loss", "train_losses"),
        ("train_seconds", "train_times"),
    ):
        _fill(rows, column, dict(result[key] or {}))
    for suffix, key in (
        ("accuracy", "eval_acc1es"),
        ("loss", "eval_losses"),
        ("seconds", "eval_times"),
    ):
        for split, role in SPLITS[dataset].items():
            points = {
                int(name.split("@")[1]): value
                for name, value in result[key].items()
                if name.split("@")[0] == split
            }
            _fill(rows, f"{role}_{suffix}", points)
    return rows


def _fill(rows, column, points):
    if column.endswith("_seconds"):
        unbroken = [points[e] for e in range(len(points)) if e in points]
        points = dict(enumerate(accumulate(unbroken)))
    for epoch, value in points.items():
        rows[epoch][column] = value / 100 if column.endswith("_accuracy") else value


def found_runs(batches):
    """The same from batches: {native index: {(dataset, schedule, seed): (run columns, rows)}}."""
    found = {}
    names = {}
    keys = {}
    for batch in batches:
        for one in batch.architectures.to_pylist():
            names[one["arch"]] = one["native_index"]
        for one in batch.runs.to_pylist():
            key = (one.pop("dataset"), one.pop("schedule_epochs"), one.pop("trial"))
            keys[one.pop("run")] = place = (names[one.pop("arch")], key)
            found.setdefault(place[0], {})[key] = (one, [])
        for one in batch.epochs.to_pylist():
            index, key = keys[one.pop("run")]
            rows = found[index][key][1]
            assert one.pop("epoch") == len(rows) + 1
            rows.append({name: value for name, value in one.items() if value is not None})
    return found


def leaves(states):
    """How many numbers the curves of a record hold."""
    count = 0
    for state in states.values():
        for result in state["all_results"].values():
            count += sum(len(one) for one in result.values() if hasattr(one, "values")) - len(
                result["arch_config"]
            )
    return count


def numbers(runs):
    """How many numbers the epoch rows of `found_runs` hold."""
    return sum(
        len(row)
        for one in runs.values()
        for _, rows in one.values()
        for row in rows
        if not any(math.isnan(value) for value in row.values())
    )
