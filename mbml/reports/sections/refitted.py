"""Predictors fitted anew: what they rely on, and how they err."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import UsageError
from mbml.features.problem import learning_problem
from mbml.features.registry import feature_set
from mbml.plugins import WrongResultError
from mbml.reports.content import Paragraph, Section
from mbml.reports.material import title_of, title_of_view
from mbml.reports.sections import predictions, reliance
from mbml.reports.sections.evaluated import surrogate_warning
from mbml.reports.sections.refit import FEATURES, REFITTED, SEED, SPLIT, refit

if TYPE_CHECKING:
    from mbml.benchmarks import MetaDataset
    from mbml.frames import LearningProblem
    from mbml.reports.content import Block
    from mbml.reports.material import Material
    from mbml.reports.sections.refit import Refit

#: The fewest rows that are fitted.
FEWEST = 20


def make(material: Material) -> list[Section]:
    """Return a section for each benchmark."""
    return [_benchmark(material, one) for one in material.benchmarks]


def _benchmark(material: Material, benchmark: str) -> Section:
    # The longest training of the first data set with a validation set of its own.
    datasets = [one for one in material.of(benchmark) if one.validation_view is None]
    datasets = datasets or list(material.of(benchmark))
    first = datasets[0].dataset
    dataset = max(
        (one for one in datasets if one.dataset == first),
        key=lambda one: (one.schedule_epochs, one.epoch),
    )
    blocks = _blocks(material, dataset)
    title = f"{title_of(benchmark)}: what predictors rely on, and how they err"
    return Section(name=f"{benchmark}-refitted", title=title, blocks=tuple(blocks))


def _blocks(material: Material, dataset: MetaDataset) -> list[Block]:
    try:
        problem = learning_problem(material.warehouse, dataset, feature_set(FEATURES))
    except UsageError as error:
        return [Paragraph(text=f"Nothing is fitted here. {error}")]
    if len(problem.y) < FEWEST:
        text = f"Nothing is fitted here: {dataset.name} has {len(problem.y)} rows with a target."
        return [Paragraph(text=f"{text} It takes {FEWEST}.")]
    try:
        made = refit(problem)
    except WrongResultError as error:
        return [Paragraph(text=f"Nothing is shown here. {error}.")]
    return [
        *([surrogate_warning()] if problem.is_surrogate else []),
        _summary(problem, made),
        *reliance.blocks(dataset.benchmark, made),
        *predictions.blocks(dataset.benchmark, made),
    ]


def _summary(problem: LearningProblem, made: Refit) -> Paragraph:
    size = made.reports[REFITTED[0]].train_size
    return Paragraph(
        text=(
            f"Fitted for this report alone: {' and '.join(REFITTED)} with the settings of mbml"
            f" train, on the features {FEATURES}, {size} architectures of"
            f" {title_of_view(problem.dataset.name)}, target {problem.target}, split {SPLIT},"
            f" seed {SEED}."
            f" All below is of {len(made.held_out.y):,} others of the {len(problem.y):,}"
            " that have the target."
        )
    )
