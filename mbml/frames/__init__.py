"""From the warehouse to Polars frames, and on to X and y: the one place where data leaves SQL."""

from mbml.frames.architectures import (
    read_cells,
    read_earlier,
    read_other,
    read_proxies,
    read_trials,
)
from mbml.frames.learning import LearningProblem, learning_problem
from mbml.frames.one_architecture import read_cell_text, read_results
from mbml.frames.views import is_surrogate, read_view, view_columns

__all__ = [
    "LearningProblem",
    "is_surrogate",
    "learning_problem",
    "read_cell_text",
    "read_cells",
    "read_earlier",
    "read_other",
    "read_proxies",
    "read_results",
    "read_trials",
    "read_view",
    "view_columns",
]
