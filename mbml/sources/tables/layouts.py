"""Tables of other projects, recognised by their columns, and what their values mean.

Checked against measurements trial by trial: what two of them call validation accuracy is the test
accuracy of trial 888, for all 15,625 cells on CIFAR-10 (trained on the training half) and on
CIFAR-100.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Final

from mbml.errors import SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from mbml.sources.tables.columns import ColumnOptions

#: Attack, norm and epsilon.
ATTACK: Final = re.compile(r"([a-z][a-z0-9_-]*)@(Linf|L2)_eps-([0-9]+(?:\.[0-9]+)?)")
#: Columns of HW-NAS-Bench.
DEVICE: Final = re.compile(
    r"(edgegpu|raspi4|edgetpu|pixel3|eyeriss|fpga)_(latency|energy|arithmetic_intensity)"
)
_ZERO_COST: Final = frozenset(
    {"epe_nas", "fisher", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "snip", "synflow"}
)
#: Words, split at case changes, and numbers; words may be written as one, such as `valacc`.
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_OUTCOME: Final = re.compile(
    r"(accs?|accurac(y|ies)|errors?|loss(es)?)\b|\berrs?\b"
    r"|\b(train|val|valid|validation|test)?top [15]\b"
)


#: What their authors call data sets: cells were trained on half of CIFAR-10's training images.
DATASETS: Final[Mapping[str, str]] = {"cifar10": "cifar10-valid"}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A table of another project.

    Attributes
    ----------
    title
        What it is.
    fits
        Whether columns of these names are such a table.
    accuracy
        The column with the test accuracy of trial 888 after 200 epochs, in percent; empty if it
        holds no measurement.
    dataset
        The data set of the file that is known, where columns do not tell it.
    meaning
        What `mbml ingest proxies` tells of the values.
    loaded_by
        What `mbml ingest` calls the kind of its columns: `proxies`, `devices` or `robustness`.
    holds
        What its columns are, where they are no proxies.
    """

    title: str
    fits: Callable[[Collection[str]], bool]
    accuracy: str = ""
    dataset: str = "VALUE"
    meaning: str = ""
    loaded_by: str = "proxies"
    holds: str = ""

    @property
    def constants(self) -> dict[str, str]:
        """What is the same in every row of its measurements."""
        return {"schedule_epochs": "200", "trial": "888", "epoch": "200"} if self.accuracy else {}

    def check(self, path: Path, options: ColumnOptions) -> None:
        """Refuse options that say other things of the values than what is known.

        Raises
        ------
        UsageError
            One names another metric, trial, schedule, epoch or unit, or the unit of what is left
            out.
        """
        known = {self.accuracy: "test_accuracy", **self.constants}
        contradicting = [
            f"{name}={value}"
            for name, value in options.rename.items()
            if value != known.get(name, value)
            or (name != self.accuracy and value in known.keys() | {"test_accuracy"})
            or ATTACK.fullmatch(name)
        ]
        contradicting += [
            f"{name}={value}"
            for name, value in options.constants.items()
            if value != known.get(name, value) or name == "test_accuracy"
        ]
        in_percent = (self.accuracy, "test_accuracy")
        theirs = set(options.rename.values()) | set(in_percent)
        contradicting += [
            f"scale={name}={factor}"
            for name, factor in options.scale.items()
            if name in in_percent or options.renamed(name) not in theirs
        ]
        contradicting += [
            f"percent={name}" for name in options.percent if options.renamed(name) not in theirs
        ]
        for one in contradicting:
            raise UsageError(
                f"{path}: is {self.title}, whose {self.accuracy} is the test accuracy of trial 888"
                f" after 200 epochs, in percent; {one} contradicts that"
            )

    def table_note(self, left_out: Collection[str]) -> str:
        """Tell as what its measurements are read."""
        first, number = next(iter(left_out), ""), len(left_out)
        rest = f"; {number:,} other columns are left out, such as {first}" if number else ""
        if self.holds:
            rest += f", which mbml ingest {self.loaded_by} loads"
        return (
            f"{self.title}: {self.accuracy} is read as the test accuracy in percent of trial 888"
            f" after 200 epochs, not as validation accuracy, and cifar10 as cifar10-valid{rest}"
        )


def _names_trials(names: Collection[str]) -> bool:
    """Return whether a table says itself which trainings its rows are of, as no layout does."""
    return not {"schedule_epochs", "trial", "epoch"}.isdisjoint(names)


def _is_outcome(name: str) -> bool:
    words = " ".join(_WORD.findall(name)).lower()
    return bool(_OUTCOME.search(words) or ATTACK.fullmatch(name))


_LAYOUTS: Final = (
    Layout(
        title="a table of accuracy under attack",
        fits=lambda names: (
            "val_accs" in names and any(map(ATTACK.fullmatch, names)) and not _names_trials(names)
        ),
        accuracy="val_accs",
        dataset="cifar10-valid",
        loaded_by="robustness",
        holds="outcomes of training",
    ),
    Layout(
        title="NASLib's zero-cost proxies",
        fits=lambda names: (
            {"net", "val_accuracy"} <= set(names)
            and len(_ZERO_COST & set(names)) > 2
            and not _names_trials(names)
        ),
        accuracy="val_accuracy",
        meaning="flops and params are its own counts in millions; val_accuracy is an outcome and"
        " is left out",
    ),
    Layout(
        title="HW-NAS-Bench",
        fits=lambda names: any(map(DEVICE.fullmatch, names)),
        loaded_by="devices",
        holds="latency and energy on devices",
    ),
    Layout(
        title="a table of zero-cost proxies",
        fits=lambda names: "net" in names and len(_ZERO_COST & set(names)) > 2,
        meaning="flops and params, where it has them, are its own counts in millions",
    ),
    Layout(
        title="a table of zero-cost proxies",
        fits=lambda names: (
            len(_ZERO_COST & set(names)) > 2
            and not _names_trials(names)
            and not any(map(_is_outcome, names))
        ),
    ),
)


def layout_of(names: Collection[str]) -> Layout | None:
    """Return the layout that columns of these names have, if one is known."""
    return next((one for one in _LAYOUTS if one.fits(names)), None)


def refuse_outcomes(path: Path, layout: Layout | None, names: Collection[str]) -> None:
    """Refuse outcomes of training where proxies are expected: nothing may be predicted from them.

    Raises
    ------
    SourceError
        A column is one by its name.
    """
    if layout is not None and layout.holds:
        problem = f"is {layout.title}: {layout.holds}, not proxies"
        hint = f"Load it with mbml ingest {layout.loaded_by}, or leave these columns out: `ignore`."
        raise SourceError(path, "", problem, hint)
    for name in names:
        if _is_outcome(name):
            problem = "is an outcome of training by its name, not a proxy"
            raise SourceError(
                path, f"column {name!r}", problem, f"Leave it out: `ignore={quote(name)}`."
            )
