"""A benchmark of another package: sixteen networks of four layers, trained on one data set."""

from pathlib import Path

from mbml.benchmarks import Benchmark, MetaDataset


def _view(epoch):
    return MetaDataset(
        name=f"meta_toy_shapes_{epoch}epochs",
        benchmark="toy",
        dataset="shapes",
        schedule_epochs=4,
        epoch=epoch,
        order_by="arch_index",
        target_scale=100.0,
        features=frozenset({"wide_layers"}),
    )


TOY = Benchmark(
    name="toy",
    space="mbml_toy.space:SPACE",
    datasets=("shapes",),
    meta_datasets=(_view(2), _view(4)),
    sources={"toy": "mbml_toy.source:open_lines"},
    topology="mbml_toy.topology:TOPOLOGY",
    sql=Path(__file__).parent / "sql",
)
