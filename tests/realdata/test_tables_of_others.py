"""Tables of other projects: what their accuracies are, against measurements trial by trial."""

from __future__ import annotations

import polars as pl
import pytest

from mbml.sources.tables.columns import column_options
from mbml.sources.tables.table import open_tables

pytestmark = pytest.mark.realdata


def test_the_accuracy_of_a_table_of_attacks_is_the_test_accuracy_of_trial_888(real_data):
    options = column_options(constants={"dataset": "cifar10-valid"})
    [source] = open_tables(real_data / "robustness" / "robustness_cifar10.parquet", options)
    [batch] = source.batches()
    cells = pl.from_arrow(batch.architectures).select("arch", arch_str="native_key")
    found = pl.from_arrow(batch.runs).join(pl.from_arrow(batch.epochs), on="run")
    found = found.join(cells, on="arch").select("arch_str", "test_accuracy", "valid_accuracy")
    assert found["valid_accuracy"].null_count() == 15_625
    trials = pl.read_parquet(real_data / "nasbench201" / "trials.parquet")
    trials = trials.filter((pl.col("dataset") == "cifar10-valid") & (pl.col("trial") == 888))
    both = found.join(trials, on="arch_str", suffix="_of_trial")
    assert both.height == 15_625
    assert ((both["test_accuracy"] - both["test_accuracy_of_trial"]).abs() < 1e-12).all()
