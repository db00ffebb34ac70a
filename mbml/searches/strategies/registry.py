"""The registry of strategies, with their settings; a strategy of one's own needs no entry."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mbml.errors import UsageError, unknown_name
from mbml.plugins import Plugins, guard
from mbml.predictors.registry import PREDICTORS, predictor
from mbml.searches.features import FeatureRequest
from mbml.searches.strategies import halving, simple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.random import Generator

    from mbml.searches.candidates import Asking, Candidates


@dataclass(frozen=True)
class Setting:
    """A number that a strategy takes.

    Attributes
    ----------
    meaning
        What it is, in one line.
    default
        Its value unless said; None where it depends on the benchmark or the budget.
    least
        The smallest value allowed.
    whole
        True if it counts something.
    drawn_first
        True if it counts the candidates that are drawn at random before anything is learnt.
    second_trials
        True if it counts second trials, which takes queries that return one.
    """

    meaning: str
    default: float | None
    least: float = 1
    whole: bool = True
    drawn_first: bool = False
    second_trials: bool = False


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A strategy that can be asked for by name.

    Attributes
    ----------
    name
        Name on the command line.
    meaning
        What it does, in one line.
    version
        Another one when the same seed asks differently than before.
    play
        A generator function of candidates, a random generator and the settings.
    settings
        The numbers it takes, by name.
    features
        Features that it works with.
    earlier_epochs
        True if it looks after earlier epochs too.
    objectives
        What it makes small, unless said.
    choice
        What it hands over, in words; TARGET stands for what the queries return.
    reusable
        False if results in the warehouse may be of another text under the same name.
    """

    name: str
    meaning: str
    version: int = 1
    play: Callable[..., Asking]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    features: FeatureRequest | None = None
    earlier_epochs: bool = False
    objectives: tuple[str, ...] = ()
    choice: str = "the raw one"
    reusable: bool = True

    def with_settings(self, given: Mapping[str, float]) -> dict[str, float | None]:
        """Complete settings with their defaults.

        Raises
        ------
        UsageError
            A name is unknown, or a value too small.
        """
        for name, value in given.items():
            if name not in self.settings:
                raise unknown_name(f"setting of {self.name}", name, self.settings)
            known = self.settings[name]
            if not value >= known.least or (known.whole and value != int(value)):
                kind = "a whole number" if known.whole else "a number"
                raise UsageError(
                    f"{name}={value:g}: {known.meaning}: {kind}, at least {known.least:g}"
                )
        return {name: given.get(name, setting.default) for name, setting in self.settings.items()}


def _later(module: str, function: str, **fixed: Any) -> Callable[..., Asking]:
    """Return a strategy whose module, with its libraries, is imported when it is played."""

    def play(candidates: Candidates, rng: Generator, **settings: Any) -> Asking:
        imported = import_module(f"mbml.searches.strategies.{module}")
        asking: Asking = getattr(imported, function)(candidates, rng, **fixed, **settings)
        return asking

    return play


_ROUNDS = {
    "initial": Setting("random candidates first", 10, 2, drawn_first=True),
    "batch": Setting("candidates between fits", 10),
    "mutants": Setting("mutants that the predictor looks at", 100),
}
_RUNGS = {"rungs": Setting("epochs looked at, the last ones; all that are held", None)}


def _ranking(
    name: str, meaning: str, settings: Mapping[str, Setting], *, needs_intervals: bool = False
) -> tuple[str, Callable[[str], Strategy]]:
    """Return what makes a strategy of `ranking.py` with a predictor of the registry."""

    def make(argument: str) -> Strategy:
        known = predictor(argument)
        if needs_intervals and not known.intervals:
            able = ", ".join(one.name for one in PREDICTORS.values() if one.intervals)
            problem = f"{argument} has no doubts to draw from; these: {able}"
            raise UsageError(f"{name}:{argument}: {problem}")
        return Strategy(
            name=f"{name}:{argument}",
            meaning=meaning,
            play=_later("ranking", name, predictor=argument),
            settings=settings,
            features=FeatureRequest(name=known.features),
        )

    return "gp", make


def _optuna(argument: str) -> Strategy:
    if argument != "tpe":
        raise unknown_name("sampler of optuna", argument, ["tpe"])
    return Strategy(
        name="optuna:tpe",
        meaning="Optuna's tree-structured Parzen estimator; needs the extra mbml[optuna]",
        play=_later("optuna", "tpe"),
    )


STRATEGIES: dict[str, Strategy] = {
    one.name: one
    for one in (
        Strategy(name="random", meaning="candidates in random order", play=simple.random),
        Strategy(
            name="local",
            meaning="climbs to the first better neighbour, restarts at a top",
            play=simple.local,
        ),
        Strategy(
            name="evolution",
            meaning="regularised evolution: mutates the best of a few, the oldest dies",
            play=simple.evolution,
            settings={
                "population": Setting("members alive", 50, 2, drawn_first=True),
                "tournament": Setting("members that a parent is the best of", 10),
            },
        ),
        Strategy(
            name="guided",
            meaning="Gaussian process on topology features, expected improvement",
            version=2,
            choice="up to 49 queries the raw one; then the best by 0.3 of its own TARGET and 0.7"
            " of the model's mean, both as log errors; after second trials the best finalist",
            play=_later("guided", "guided"),
            features=FeatureRequest(name="topology", without=("G", "PE"), standardised=True),
            settings={
                "initial": Setting("random candidates first; 10, in NAS-Bench-101 20", None),
                "batch": Setting("candidates between fits; 5, in NAS-Bench-101 10", None),
                "floor_quantile": Setting(
                    "accuracies below this quantile count as it; .4, in NAS-Bench-101 .3",
                    None,
                    0,
                    whole=False,
                ),
                "confirm": Setting(
                    "finalists that get a second trial, within the budget",
                    0,
                    0,
                    second_trials=True,
                ),
            },
        ),
        Strategy(
            name="successive_halving",
            meaning="many after few epochs, the best of them after more, each epoch at equal cost",
            play=halving.successive_halving,
            settings=_RUNGS,
            earlier_epochs=True,
        ),
        Strategy(
            name="hyperband",
            meaning="the budget shared among successive halvings that start ever later",
            play=halving.hyperband,
            settings=_RUNGS,
            earlier_epochs=True,
        ),
        Strategy(
            name="nsga2",
            meaning="NSGA-II: a high target and small objectives (parameters by default)",
            play=_later("nsga2", "nsga2"),
            settings={"population": Setting("members alive", 20, 2, drawn_first=True)},
            objectives=("parameters",),
        ),
    )
}

#: Strategies that take what follows a colon, with the argument that they have without one.
WITH_ARGUMENT: dict[str, tuple[str, Callable[[str], Strategy]]] = {
    "rank_once": _ranking(
        "rank_once",
        "trains a predictor once on random candidates, then takes all others as it ranks them",
        {
            "initial": Setting(
                "random candidates first; nine tenths of what the budget pays for", None
            )
        },
    ),
    "npenas": _ranking(
        "npenas", "mutates the best, takes the mutants that a predictor ranks first", _ROUNDS
    ),
    "bananas": _ranking(
        "bananas",
        "mutates the best, takes mutants by a draw from the predictor's doubt",
        _ROUNDS,
        needs_intervals=True,
    ),
    "optuna": ("tpe", _optuna),
}
NAMES = (*STRATEGIES, *WITH_ARGUMENT)
STRATEGY_PLUGINS: Plugins[Strategy] = Plugins(
    group="mbml.strategies",
    kind="strategy",
    fits=lambda one: (
        isinstance(one, Strategy)
        and callable(one.play)
        and all(isinstance(setting, Setting) for setting in one.settings.values())
        and isinstance(one.features, FeatureRequest | None)
    ),
    wanted="an mbml.searches.strategies.registry.Strategy, its fields as described there,",
    own=NAMES,
)


def strategy(text: str, *, features: str | None = None) -> Strategy:
    """Return a strategy by name, of mbml or of a plug-in, or one's own by `module:function`.

    Parameters
    ----------
    text
        A name of the registry, or the place of a generator function of candidates and a random
        generator.
    features
        Feature set in place of the strategy's own.

    Raises
    ------
    UsageError
        There is none of that name (close names are told), the function cannot be imported, or
        the strategy works without features and is given some.
    PluginError
        The plug-in of that name is broken.
    """
    found = STRATEGY_PLUGINS.get(text) or STRATEGIES.get(text) or _with_argument(text) or _own(text)
    if features is None:
        return found
    if found.features is None:
        raise UsageError(f"{text} works without features; leave out `features={features}`")
    return replace(found, features=replace(found.features, name=features, without=()))


def owner_of(text: str) -> str | None:
    """Return what a strategy of others is called in messages; None if it is mbml's own."""
    own = text.partition(":")[0] in NAMES
    return None if own else STRATEGY_PLUGINS.owner(text) or f"strategy {text}"


def _with_argument(text: str) -> Strategy | None:
    name, _, argument = text.partition(":")
    if name not in WITH_ARGUMENT:
        return None
    usual, make = WITH_ARGUMENT[name]
    return make(argument or usual)


def _own(text: str) -> Strategy:
    module, colon, function = text.partition(":")
    if not colon or module in STRATEGIES:
        raise unknown_name("strategy", text, [*NAMES, *STRATEGY_PLUGINS.names()])
    with guard(f"strategy {text}", "cannot be imported", passes=(UsageError,)):
        try:
            play = getattr(import_module(module), function)
        except (ImportError, AttributeError, ValueError) as error:
            raise UsageError(f"strategy {text}: cannot be imported: {error}") from error
    if not inspect.isgeneratorfunction(play):
        raise UsageError(f"strategy {text}: not a generator function of candidates and rng")
    return Strategy(name=text, meaning="a strategy of one's own", play=play, reusable=False)
