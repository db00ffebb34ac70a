"""What sections are made from: columns of views, and what goes with what in them."""

import polars as pl
import pytest
from scipy.stats import spearmanr
from tables import load_rows, nasbench201_rows

from mbml.frames import read_view
from mbml.reports.material import Material
from mbml.reports.sections.exploratory import spearman


def test_spearman_is_of_the_rows_that_have_both():
    columns = {
        "whole": [3.0, 1.0, 2.0, 5.0, 4.0, 2.0],
        "partly": [None, 1.0, 4.0, 3.0, 9.0, 0.0],
        "elsewhere": [2.0, 7.0, None, 1.0, None, 3.0],
        "constant": [1.0] * 6,
        "nowhere": [None] * 6,
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Float64))
    found = {(one, other): rho for one, other, rho in spearman(frame).rows()}
    assert len(found) == len(columns) ** 2
    for (one, other), rho in found.items():
        both = frame.select(pl.col(one).alias("a"), pl.col(other).alias("b")).drop_nulls()
        if {one, other} & {"constant", "nowhere"}:
            assert rho is None
        else:
            assert rho == pytest.approx(spearmanr(both["a"], both["b"]).statistic)


def test_material_has_columns_that_no_section_shows(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(5, train_accuracy=0.5), tmp_path / "rows.parquet")
    material = Material(warehouse)
    [dataset] = (one for one in material.datasets if one.name.endswith("cifar100_200epochs"))
    for columns in (["test_accuracy", "arch_id"], ["train_accuracy", "arch_key"]):
        assert material.read(dataset, columns).equals(read_view(warehouse, dataset, columns))
