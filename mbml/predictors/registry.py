"""The registry of predictors, with the fixed settings that `mbml train` uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mbml.errors import unknown_name
from mbml.plugins import Plugins, guard
from mbml.predictors import classic
from mbml.predictors.numbers import checked_numbers
from mbml.predictors.preparation import (
    published_preparation,
    standardised,
    with_target_of_sizes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mbml.benchmarks import MetaDataset
    from mbml.predictors.preparation import Columns


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A regressor that can be asked for by name; it predicts one finite number for each row.

    Attributes
    ----------
    name
        Name on the command line.
    meaning
        What it is, in one line.
    make
        Build the scikit-learn regressor for a seed.
    made_of
        Its class, or what stands inside `CrossValidated`, and the members of a blend: a saved
        model of one of mbml's own is compared with it.
    prepare
        Put it behind scaled features and before a transformed target.
    features
        The feature set that it is made for.
    intervals
        Whether `mbml.predictors.fitted` can say how far its predictions may be off.
    most_rows
        Most rows that it can learn from, where its memory grows with their square.
    """

    name: str
    meaning: str
    make: Callable[[int], Any]
    made_of: tuple[str, ...] = ()
    prepare: Callable[..., Any] = published_preparation
    features: str = "published"
    intervals: bool = False
    most_rows: int | None = None

    @property
    def owner(self) -> str | None:
        """What it is called in messages if it is a plug-in's; None if it is mbml's own."""
        return PREDICTOR_PLUGINS.owner(self.name)

    def build(
        self,
        seed: int,
        columns: Columns,
        dataset: MetaDataset,
        *,
        intervals: bool = False,
        of_size: bool = False,
    ) -> Any:
        """Return the regressor for a seed, prepared and not fitted.

        With `intervals` it will calibrate its prediction intervals, at the cost of five more fits.
        With `of_size` it will learn a size in place of an accuracy.

        Raises
        ------
        PluginError
            The plug-in failed, here and in the methods below.
        """
        with guard(self.owner, "failed in make or prepare"):
            made = self.make(seed)
            if intervals:
                from mbml.predictors.intervals import calibrated

                made = calibrated(made, seed=seed)
            prepared = self.prepare(made, columns, dataset)
            return with_target_of_sizes(prepared) if of_size else prepared

    def fit(self, model: Any, x: Any, y: NDArray[Any]) -> None:
        """Fit what `build` returned."""
        with guard(self.owner, "failed in fit"):
            model.fit(x, y)

    def predict(self, model: Any, x: Any) -> NDArray[Any]:
        """Predict the rows of features, shape (rows,).

        Raises
        ------
        WrongResultError
            The predictions are not as many finite numbers.
        """
        with guard(self.owner, "failed in predict"):
            return checked_numbers(model.predict(x), len(x), f"predictions of {self.name}")


def _boosted_trees(seed: int) -> Any:
    from xgboost import XGBRegressor

    return XGBRegressor(
        n_estimators=800,
        max_depth=4,
        learning_rate=0.03,
        subsample=0.6,
        colsample_bytree=0.2,
        min_child_weight=2,
        n_jobs=1,
        random_state=seed,
    )


def _xgboost(seed: int) -> Any:
    from mbml.predictors.intervals import CrossValidated

    return CrossValidated(_boosted_trees(seed), random_state=seed)


#: Two gigabytes for the matrices of one process.
_MOST_ROWS = 10_000

#: Groups of topology features that add nothing to the others where rows are few.
_FINE = ("G", "PE")


def _process(seed: int) -> Any:
    from mbml.predictors.gp import MaternGP

    # Bad architectures vary more from one training to the next.
    return MaternGP(noise_slope=0.5, random_state=seed)


def _gp(seed: int) -> Any:
    from mbml.predictors.blend import Blend, Member

    return Blend([Member("gp", _process(seed), without=_FINE)])


def _blend(seed: int) -> Any:
    from mbml.predictors.blend import Blend, Member

    return Blend(
        [
            Member("gp", _process(seed), weight=2, without=_FINE),
            Member("gp_fine", _process(seed), weight=2),
            Member("trees", _boosted_trees(seed), without=_FINE),
            Member("trees_fine", _boosted_trees(seed)),
        ]
    )


PREDICTORS: dict[str, Predictor] = {
    one.name: one
    for one in (
        Predictor(
            name="linear_regression",
            meaning="ordinary least squares",
            make=classic.linear_regression,
            made_of=("LinearRegression",),
        ),
        Predictor(
            name="sgd",
            meaning="linear, by stochastic gradient descent",
            make=classic.sgd,
            made_of=("SGDRegressor",),
        ),
        Predictor(
            name="lasso",
            meaning="linear with an L1 penalty",
            make=classic.lasso,
            made_of=("Lasso",),
        ),
        Predictor(
            name="bayesian_ridge",
            meaning="linear, finds its penalty itself",
            make=classic.bayesian_ridge,
            made_of=("BayesianRidge",),
        ),
        Predictor(
            name="k_neighbors",
            meaning="mean of the 15 nearest architectures",
            make=classic.k_neighbors,
            made_of=("KNeighborsRegressor",),
        ),
        Predictor(
            name="decision_tree",
            meaning="one tree, at least 10 architectures in a leaf",
            make=classic.decision_tree,
            made_of=("DecisionTreeRegressor",),
        ),
        Predictor(
            name="svr",
            meaning="support vectors, radial kernel",
            make=classic.svr,
            made_of=("SVR",),
        ),
        Predictor(
            name="mlp",
            meaning="one hidden layer of 100 units",
            make=classic.mlp,
            made_of=("MLPRegressor",),
        ),
        Predictor(
            name="ada_boost",
            meaning="150 trees of depth 3, boosted by reweighting",
            make=classic.ada_boost,
            made_of=("AdaBoostRegressor",),
        ),
        Predictor(
            name="gradient_boosting",
            meaning="300 trees of depth 3, boosted by gradients",
            make=classic.gradient_boosting,
            made_of=("GradientBoostingRegressor",),
        ),
        Predictor(
            name="random_forest",
            meaning="300 trees, at least 5 architectures in a leaf",
            make=classic.random_forest,
            made_of=("RandomForestRegressor",),
        ),
        Predictor(
            name="xgboost",
            meaning="800 boosted trees of depth 4; interval from cross-validation",
            make=_xgboost,
            made_of=("XGBRegressor",),
            prepare=standardised,
            features="topology",
            intervals=True,
        ),
        Predictor(
            name="gp",
            meaning="Gaussian process, one length-scale a feature",
            make=_gp,
            made_of=("Blend", "gp"),
            prepare=standardised,
            features="topology",
            intervals=True,
            most_rows=_MOST_ROWS,
        ),
        Predictor(
            name="blend",
            meaning="two Gaussian processes and, at half their weight, two sets of boosted trees",
            make=_blend,
            made_of=("Blend", "gp", "gp_fine", "trees", "trees_fine"),
            prepare=standardised,
            features="topology",
            intervals=True,
            most_rows=_MOST_ROWS,
        ),
        Predictor(
            name="dummy",
            meaning="the mean of the training targets: the floor",
            make=classic.dummy,
            made_of=("DummyRegressor",),
        ),
    )
}


PREDICTOR_PLUGINS: Plugins[Predictor] = Plugins(
    group="mbml.predictors",
    kind="predictor",
    fits=lambda one: (
        isinstance(one, Predictor)
        and callable(one.make)
        and callable(one.prepare)
        and isinstance(one.features, str)
        and (one.most_rows is None or isinstance(one.most_rows, int))
    ),
    wanted="an mbml.predictors.registry.Predictor, its fields as described there,",
    own=PREDICTORS,
)


def predictor(name: str | Predictor) -> Predictor:
    """Return a predictor by name, of mbml or of a plug-in; an entry is returned as it is.

    Raises
    ------
    UsageError
        There is none of that name; close names are told.
    PluginError
        The plug-in of that name is broken.
    """
    if isinstance(name, Predictor):
        return name
    if not isinstance(name, str):
        raise unknown_name("predictor", name, PREDICTORS)
    return PREDICTOR_PLUGINS.find(name, PREDICTORS)
