"""The text that the benchmarks' interfaces give of an architecture, word for word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.compat.opening import QueryError
from mbml.compat.trials import shown

if TYPE_CHECKING:
    from mbml.compat.trials import ArchResults

#: Image sets reported beside training, under the names that the text gives them.
_SHOWN = {
    "cifar10-valid": {"valid": "x-valid"},
    "cifar10": {"test ": "ori-test"},
    "cifar100": {"valid": "x-valid", "test": "x-test"},
    "ImageNet16-120": {"valid": "x-valid", "test": "x-test"},
}


def summary_lines(
    results: ArchResults, extra_info: str | None, *, tests_valid: bool, joint: str
) -> list[str]:
    """Return the lines.

    Parameters
    ----------
    results, extra_info
        What is described, and what stands beside the data sets.
    tests_valid
        Whether the test accuracy of cifar10-valid is reported.
    joint
        What stands between loss and accuracy.
    """
    names = results.get_dataset_names()
    lines = [results.arch_str, f"datasets : {names}, extra-info : {extra_info}"]
    for name in names:
        costs = results.get_compute_costs(name)
        latency = costs["latency"]
        milliseconds = shown(None if latency is None else latency * 1000, ".2f")
        lines.append(
            f"{name:14s} FLOP={shown(costs['flops'], '6.2f')} M,"
            f" Params={shown(costs['params'], '.3f')} MB, latency={milliseconds} ms."
        )
        labels = {"train": "train"} | _SHOWN[name]
        if name == "cifar10-valid" and tests_valid:
            labels["test"] = "ori-test"
        metrics = ", ".join(
            f"{label} : [{_metric(results, name, image_set, joint)}]"
            for label, image_set in labels.items()
        )
        lines.append(f"{name:14s} {metrics}")
    return lines


def _metric(results: ArchResults, dataset: str, image_set: str, joint: str) -> str:
    try:
        found = results.get_metrics(dataset, image_set)
    except QueryError:
        return "not held"
    return f"loss = {shown(found['loss'], '.3f')}{joint}top1 = {shown(found['accuracy'], '.2f')}%"
