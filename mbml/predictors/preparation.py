"""From a regressor to a predictor: how features are scaled, and what of an accuracy is fitted.

Whatever a preparation makes takes a frame of features and predicts accuracies, as fractions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mbml.benchmarks import MetaDataset
    from mbml.features.registry import FeatureSet
    from mbml.features.topology.moments import Moments


class Columns(NamedTuple):
    """What is known of the columns of features, in their order.

    Attributes
    ----------
    groups
        The group of each.
    moments
        Mean and deviation of each over its search space; NaN where they are not stored.
    """

    groups: tuple[str, ...]
    moments: Moments

    @classmethod
    def of(cls, features: FeatureSet, benchmark: str) -> Columns:
        """Describe the columns of a feature set."""
        groups = features.groups(benchmark)
        labels = tuple(group for group, names in groups.items() for _ in names)
        return cls(labels, features.moments(benchmark))


def published_preparation(regressor: Any, columns: Columns, dataset: MetaDataset) -> Any:  # noqa: ARG001
    """Scale features to [0, 1] over the training rows, fit accuracies in the published unit."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    from mbml.predictors.transforms import Unit

    target = TransformedTargetRegressor(
        regressor, transformer=Unit(dataset.target_scale), check_inverse=False
    )
    return make_pipeline(MinMaxScaler(), target)


def standardised(regressor: Any, columns: Columns, dataset: MetaDataset) -> Any:  # noqa: ARG001
    """Standardise features over the search space, fit the logarithm of the error.

    A regressor with a parameter `column_groups`, or one around it, gets the groups of its columns.
    """
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline

    from mbml.predictors.transforms import LogError, Standardise

    for name in regressor.get_params():
        if name.rpartition("__")[2] == "column_groups":
            regressor.set_params(**{name: columns.groups})
    means, deviations = columns.moments
    return make_pipeline(
        Standardise(means=means, deviations=deviations),
        TransformedTargetRegressor(regressor, transformer=LogError(), check_inverse=False),
    )


def with_target_of_sizes(prepared: Any) -> Any:
    """Let a prepared regressor fit sizes in any unit, standardised, where it fitted accuracies.

    What does not end in a `TransformedTargetRegressor`, as a plug-in's may not, stays as it is.
    """
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    last = prepared[-1] if isinstance(prepared, Pipeline) else prepared
    if isinstance(last, TransformedTargetRegressor):
        last.set_params(transformer=StandardScaler())
    return prepared
