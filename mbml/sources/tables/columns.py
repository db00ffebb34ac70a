"""What a user says of the columns of a table: their names, their units, and what they all share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from shlex import quote
from typing import TYPE_CHECKING, Final, TypeVar

from mbml.errors import UsageError, unknown_name
from mbml.text import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable
    from pathlib import Path

_Name = TypeVar("_Name", bound="Hashable")

#: Names that pandas gives to an index, and to columns, that have none.
PANDAS_INDEX: Final = re.compile(r"|Unnamed: \d+|__index_level_\d+__")


@dataclass(frozen=True, kw_only=True)
class ColumnOptions:
    """How the columns of a table become those of mbml; made and checked by `column_options`.

    Attributes
    ----------
    rename
        From names in the table to mbml's.
    percent
        Accuracies in percent, by either name.
    scale
        Factors that turn columns into mbml's units, by either name.
    key
        The column that tells the cell, in any spelling that `mbml.cell` reads.
    constants
        Values of columns that the table lacks, the same in every row.
    ignore
        Columns of the table to leave out.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    percent: tuple[str, ...] = ()
    scale: Mapping[str, Decimal] = field(default_factory=dict)
    key: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()

    def renamed(self, name: str) -> str:
        """Return mbml's name of a column."""
        return self.rename.get(name, name)

    def factors(self) -> dict[str, Decimal]:
        """Return what each scaled column is multiplied by, by mbml's name."""
        hundredths = dict.fromkeys(self.percent, Decimal("0.01"))
        return {self.renamed(name): factor for name, factor in {**self.scale, **hundredths}.items()}

    def check(self, path: Path, held: Collection[str]) -> None:
        """Check that the columns that are spoken of are in the table.

        Raises
        ------
        UsageError
            One is not, or a constant is.
        """
        asked_for = [*self.rename, *([] if self.key is None else [self.key])]
        for name in (*asked_for, *self.ignore):
            if name not in held:
                raise UsageError(f"{path}: {unknown_name('column', name, held)}")
            if name in asked_for and name in self.ignore:
                raise UsageError(
                    f"{path}: `ignore={quote(name)}` leaves out a column that is asked for"
                )
        left_out = set(self.ignore)
        ours = [self.renamed(name) for name in held if name not in left_out]
        again = repeated(ours)
        if again is not None:
            raise UsageError(
                f"{path}: two columns would be called {again!r}; leave one out by `ignore`"
            )
        for name in self.constants:
            if name in ours:
                raise UsageError(
                    f"{path}: the table has a column {name!r} of its own; leave out"
                    f" `constants={quote(f'{name}={self.constants[name]}')}`, or"
                    f" `ignore={quote(name)}`"
                )
        self._check_scaled(path, ours)

    def _check_scaled(self, path: Path, ours: Collection[str]) -> None:
        scaled = [self.renamed(name) for name in (*self.percent, *self.scale)]
        for name in scaled:
            if name not in ours:
                raise UsageError(f"{path}: {unknown_name('column', name, ours)}")
        again = repeated(scaled)
        if again is not None:
            raise UsageError(f"{path}: {again!r} is in `percent` or `scale` twice")

    def check_kept(self, why: str) -> None:
        """Refuse options that would change values; raises `UsageError`, which says why."""
        given = {"percent": self.percent, "scale": self.scale, "constants": self.constants}
        for name in (name for name, value in given.items() if value):
            raise UsageError(f"`{name}` is for tables of measurements; {why}")

    def __str__(self) -> str:
        """Write the options in one line, for the record of a load; empty if there are none."""
        named = [
            *(f"rename {theirs}={ours}" for theirs, ours in self.rename.items()),
            *(f"percent {name}" for name in self.percent),
            *(f"scale {name}={factor}" for name, factor in self.scale.items()),
            *(f"key {name}" for name in (self.key,) if name is not None),
            *(f"set {name}={value}" for name, value in self.constants.items()),
            *(f"ignore {name}" for name in self.ignore),
        ]
        return ", ".join(sorted(named))


def column_options(
    *,
    rename: Mapping[str, str] | None = None,
    percent: Sequence[str] | str | None = (),
    scale: Mapping[str, object] | None = None,
    key: str | None = None,
    constants: Mapping[str, object] | None = None,
    ignore: Sequence[str] | str | None = (),
) -> ColumnOptions:
    """Check what a user says of the columns of a table.

    Parameters
    ----------
    rename, percent, scale, key, constants, ignore
        As the attributes of `ColumnOptions`; a factor is any positive number, or its text.

    Raises
    ------
    UsageError
        Two columns get one name, or a factor is not a positive number.
    """
    names = _mapping("rename", rename)
    if not isinstance(key, str | None):
        raise UsageError(f"`key`: expected the name of a column, got {quoted(key)}")
    again = repeated(names.values())
    if again is not None:
        raise UsageError(f"`rename` gives the name {quoted(again)} to two columns")
    return ColumnOptions(
        rename=names,
        percent=_texts("percent", percent),
        scale={name: _factor(name, given) for name, given in _mapping("scale", scale).items()},
        key=key,
        constants=_mapping("constants", constants),
        ignore=_texts("ignore", ignore),
    )


def pairs(option: str, given: Sequence[str], *, last: bool = False) -> dict[str, str]:
    """Read texts of the form `name=value`, split at the first or the last equals sign.

    Raises
    ------
    UsageError
        A text has no equals sign, or a name stands twice.
    """
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.rpartition("=") if last else one.partition("=")
        if not equals:
            raise UsageError(f"`{option}={one}`: expected NAME=VALUE, got {quoted(one)}")
        if name in found:
            raise UsageError(f"`{option}` names {quoted(name)} twice")
        found[name] = value
    return found


def repeated(names: Iterable[_Name]) -> _Name | None:
    """Return the first name that occurred before, if one did."""
    seen: set[_Name] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _mapping(option: str, given: Mapping[str, object] | None) -> dict[str, str]:
    if not isinstance(given or {}, Mapping):
        raise UsageError(f"`{option}`: expected a dictionary, got {quoted(given)}")
    return {str(name): str(value) for name, value in (given or {}).items()}


def _texts(option: str, given: Sequence[str] | str | None) -> tuple[str, ...]:
    found = (given,) if isinstance(given, str) else given or ()
    if not isinstance(found, Sequence) or not all(isinstance(one, str) for one in found):
        raise UsageError(f"`{option}`: expected names of columns, got {quoted(given)}")
    return tuple(found)


def _factor(name: str, given: str) -> Decimal:
    try:
        factor = Decimal(given)
    except InvalidOperation:
        factor = Decimal(0)
    # The bounds keep exact products short.
    if not factor.is_finite() or not Decimal("1e-18") <= factor <= Decimal("1e18"):
        raise UsageError(f"`scale={name}={given}`: expected a number from 1e-18 to 1e18")
    return factor
