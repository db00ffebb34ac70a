"""mbml: the published neural-architecture-search benchmarks in one SQL warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml._version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from mbml.predictors.models import Model

__all__ = ["__version__", "load_model"]


def load_model(name: str, *, folder: Path | None = None) -> Model:
    """Load a saved or a pre-trained model; see `mbml.predictors.models.load_model`."""
    from mbml.predictors.models import DEFAULT_FOLDER
    from mbml.predictors.models import load_model as load

    return load(name, folder=folder or DEFAULT_FOLDER)
