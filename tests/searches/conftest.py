"""A way to make a search problem out of rows."""

from __future__ import annotations

import pytest
from tables import load_rows

from mbml.searches.clock import Budget
from mbml.searches.problem import search_problem


@pytest.fixture
def problem_of(warehouse, tmp_path):
    """Load tables of rows, then read a search problem from a view."""

    def make(view, *tables, amount=5, unit="queries", **options):
        for number, rows in enumerate(tables):
            load_rows(warehouse, rows, tmp_path / f"{number}.parquet")
        return search_problem(warehouse, view, budget=Budget.of(amount, unit), **options)

    return make
