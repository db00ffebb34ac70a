"""The text that the benchmarks' interfaces give of an architecture, word for word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.compat.opening import QueryError

if TYPE_CHECKING:
    from mbml.compat.trials import ArchResults

#: Image sets told beside training, under the names that the text gives them.
_TOLD = {
    "cifar10-valid": {"valid": "x-valid"},
    "cifar10": {"test ": "ori-test"},
    "cifar100": {"valid": "x-valid", "test": "x-test"},
    "ImageNet16-120": {"valid": "x-valid", "test": "x-test"},
}


def summary_lines(results: ArchResults, *, tests_valid: bool) -> list[str]:
    """Return the lines; `tests_valid` tells the test accuracy of cifar10-valid as well."""
    names = results.get_dataset_names()
    lines = [
        results.arch_str,
        f"datasets : {names}, extra-info : arch-index={results.arch_index}",
    ]
    for name in names:
        costs = results.get_compute_costs(name)
        latency = costs["latency"]
        shown = "None" if latency is None else f"{latency * 1000:.2f}"
        lines.append(
            f"{name:14s} FLOP={_shown(costs['flops'], '6.2f')} M,"
            f" Params={_shown(costs['params'], '.3f')} MB, latency={shown} ms."
        )
        told = {"train": "train"} | _TOLD[name]
        if name == "cifar10-valid" and tests_valid:
            told["test"] = "ori-test"
        metrics = ", ".join(
            f"{label} : [{_metric(results, name, image_set)}]" for label, image_set in told.items()
        )
        lines.append(f"{name:14s} {metrics}")
    return lines


def _metric(results: ArchResults, dataset: str, image_set: str) -> str:
    try:
        found = results.get_metrics(dataset, image_set)
    except QueryError:
        return "not held"
    return f"loss = {_shown(found['loss'], '.3f')} & top1 = {_shown(found['accuracy'], '.2f')}%"


def _shown(value: float | None, form: str) -> str:
    return "None" if value is None else format(value, form)
