"""From the warehouse to Polars frames, and on to X and y: the one place where data leaves SQL."""

from mbml.frames.architectures import (
    cell_texts,
    held_proxies,
    proxy_datasets,
    proxy_values,
    read_earlier,
    read_other,
    trial_accuracies,
    vertices,
)
from mbml.frames.conditions import Restricted, columns_of_condition, restricted
from mbml.frames.learning import LearningProblem, check_apart, stored_problem
from mbml.frames.one_architecture import cells_with_key
from mbml.frames.views import find_dataset, is_surrogate, read_view, roles_of_view, view_columns

__all__ = [
    "LearningProblem",
    "Restricted",
    "cell_texts",
    "cells_with_key",
    "check_apart",
    "columns_of_condition",
    "find_dataset",
    "held_proxies",
    "is_surrogate",
    "proxy_datasets",
    "proxy_values",
    "read_earlier",
    "read_other",
    "read_view",
    "restricted",
    "roles_of_view",
    "stored_problem",
    "trial_accuracies",
    "vertices",
    "view_columns",
]
