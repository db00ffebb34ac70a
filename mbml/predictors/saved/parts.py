"""What a model file holds, as plain values: no object of any library is made here.

The file has the form of skops: a zip of `schema.json`, a tree of nodes, and the arrays it names.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.text import quoted

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Callable, Collection

_NEWEST_PROTOCOL = 2
_MOST_SCHEMA_BYTES = 2**26

#: What training leaves and prediction does not use; only its name is read.
LEFT_OUT = frozenset(
    {
        "numpy.random.mtrand.RandomState",
        "_loss.CyHalfSquaredError",  # so called until scikit-learn 1.6
        "sklearn._loss._loss.CyHalfSquaredError",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.Interval",
        "sklearn._loss.loss.HalfSquaredError",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    }
)
TREE = "sklearn.tree._tree.Tree"
BOOSTER = "xgboost.core.Booster"
MEMBER = "mbml.predictors.blend.Member"
_SCALARS = frozenset(
    f"numpy.{name}"
    for name in ("bool", "bool_", "float32", "float64", "int32", "int64", "uint32", "uint64")
)


class RefusedError(Exception):
    """A model that can be read and must not be used."""


@dataclass(frozen=True)
class SavedPart:
    """An object of a model: its class, its attributes, and what its class was called with."""

    name: str
    state: dict[str, Any]
    args: tuple[Any, ...] = field(default=())

    def __str__(self) -> str:
        """Return the name of the class alone."""
        return self.name.rpartition(".")[2]


def read_parts(archive: zipfile.ZipFile, known: Collection[str]) -> Any:
    """Read what the file holds.

    Parameters
    ----------
    archive
        The file.
    known
        The classes that parts may have, as `module.class`, besides those named here.

    Raises
    ------
    RefusedError
        It names another class, or another way to make an object.
    """
    if archive.getinfo("schema.json").file_size > _MOST_SCHEMA_BYTES:
        raise RefusedError(f"has a schema of more than {_MOST_SCHEMA_BYTES:,} bytes")
    schema = json.loads(archive.read("schema.json"))
    protocol = schema["protocol"]
    if type(protocol) is not int or not 0 <= protocol <= _NEWEST_PROTOCOL:
        raise RefusedError(f"has the protocol {quoted(protocol)}; the newest known is 2")
    _check_names(schema, known)
    return _Reader(archive).read(schema)


def names_in(schema: Any) -> set[str]:
    """Return the classes that a schema asks for, as `module.class`."""
    if isinstance(schema, list):
        return {name for node in schema for name in names_in(node)}
    if not isinstance(schema, dict):
        return set()
    found = {name for node in schema.values() for name in names_in(node)}
    if "__loader__" in schema:
        found.add(_name(schema))
    return found


#: Classes of plain values, each with the loader that may make it.
_PLAIN = {
    "builtins.str": ("JsonNode", "TypeNode"),
    "builtins.int": ("TypeNode",),
    "builtins.dict": ("DictNode",),
    "builtins.list": ("ListNode",),
    "builtins.tuple": ("TupleNode",),
    "builtins.bytearray": ("BytearrayNode",),
    "numpy.ndarray": ("NdArrayNode",),
    MEMBER: ("TupleNode",),
    **dict.fromkeys(_SCALARS, ("NdArrayNode",)),
}


def _check_names(schema: Any, known: Collection[str]) -> None:
    unknown = unknown_names(schema, known)
    if unknown:
        raise RefusedError(f"asks for {', '.join(map(_shown, unknown))}, which no model needs")


def unknown_names(schema: Any, known: Collection[str]) -> list[str]:
    """Return the classes that a schema asks for and no model may be made of."""
    return sorted(names_in(schema) - {*known, *LEFT_OUT, *_PLAIN, TREE, BOOSTER})


def _shown(name: str) -> str:
    return name if name.isprintable() and len(name) < 100 else quoted(name)


def _name(node: dict[str, Any]) -> str:
    return f"{node['__module__']}.{node['__class__']}"


class _Reader:
    """Reads nodes; an array that is named twice is read once."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._files: dict[str, Any] = {}
        self._loaders: dict[str, Callable[[dict[str, Any], str], Any]] = {
            "JsonNode": lambda node, _: json.loads(node["content"]),
            "ListNode": lambda node, _: self._all(node["content"]),
            "TupleNode": self._tuple,
            "DictNode": self._dict,
            "NdArrayNode": self._array,
            "BytearrayNode": lambda node, _: self._file(node["file"], bytes),
            "ObjectNode": self._object,
            "TreeNode": self._tree,
        }

    def read(self, node: Any) -> Any:
        name = _name(node)
        loader = node["__loader__"]
        if name in LEFT_OUT:
            return SavedPart(name, {})
        if loader not in self._loaders or loader not in _PLAIN.get(name, (loader,)):
            raise RefusedError(f"makes {_shown(name)} by {quoted(loader)}, which no model needs")
        return self._loaders[loader](node, name)

    def _all(self, nodes: Any) -> list[Any]:
        return [self.read(node) for node in nodes]

    def _tuple(self, node: dict[str, Any], name: str) -> Any:
        items = tuple(self._all(node["content"]))
        return SavedPart(name, {}, items) if name == MEMBER else items

    def _dict(self, node: dict[str, Any], _: str) -> dict[str, Any]:
        return {key: self.read(value) for key, value in node["content"].items()}

    def _array(self, node: dict[str, Any], name: str) -> Any:
        if node["type"] == "json":
            return self._all(node["content"])
        array = self._file(node["file"], _loaded)
        return array[()] if name in _SCALARS else array

    def _file(self, name: str, read: Callable[[bytes], Any]) -> Any:
        if name not in self._files:
            self._files[name] = read(self._archive.read(name))
        return self._files[name]

    def _object(self, node: dict[str, Any], name: str) -> SavedPart:
        state = self.read(node["content"])
        if not isinstance(state, dict):
            raise RefusedError(f"has {_shown(name)} without attributes")
        return SavedPart(name, state)

    def _tree(self, node: dict[str, Any], name: str) -> SavedPart:
        if name != TREE:
            raise RefusedError(f"makes {_shown(name)} as if it were a tree")
        args = self.read(node["__reduce__"]["args"])
        return SavedPart(name, self._object(node, name).state, args)


def _loaded(data: bytes) -> Any:
    found = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    if found.dtype.hasobject:
        raise RefusedError("has an array of objects")
    return found
