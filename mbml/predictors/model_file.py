"""A trained predictor as two files that may travel: `NAME.skops` and its card, `NAME.json`.

Nothing in a model file is run: it names the types it is made of, and any type that is not on the
list here is refused before one object is built. The card holds the file's checksum.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from mbml.errors import SourceError, UsageError
from mbml.sources.files import open_file
from mbml.whole_file import one_writer, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORMAT = 1

#: What a model may be made of besides the types that skops itself holds to be harmless. Trees are
#: walked by compiled code that trusts them, so they are looked through after loading.
TRUSTED = (
    "mbml.predictors.blend.Blend",
    "mbml.predictors.blend.Member",
    "mbml.predictors.gp.MaternGP",
    "mbml.predictors.intervals.CrossValidated",
    "mbml.predictors.transforms.LogError",
    "mbml.predictors.transforms.Standardise",
    "mbml.predictors.transforms.Unit",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBRegressor",
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_MOST_CARD_BYTES = 2**20
_MOST_BYTES = 2**30
_HINT = "Save the model anew with mbml train … --save, or fetch the file again."


def check_name(name: str) -> None:
    """Check that a model may have this name.

    Raises
    ------
    UsageError
        The name could not be a file's in every system, or would lead out of the folder.
    """
    if not _NAME.fullmatch(name) or name.endswith((".skops", ".json")):
        raise UsageError(
            f"{name!r} cannot name a model: use letters, digits, '_', '-' and '.', at most 100,"
            " with a letter or digit first and no file ending"
        )


def check_new_name(folder: Path, name: str) -> None:
    """Check that a model may have this name, and that none has it yet; raises `UsageError`."""
    check_name(name)
    path = folder / f"{name}.json"
    if path.exists():
        raise UsageError(f"there is a model {name!r} already ({path}); choose another name")


def write_model(folder: Path, name: str, model: Any, card: Mapping[str, Any]) -> Path:
    """Write a model and its card; the card appears last, so a half-written model is none.

    Parameters
    ----------
    folder
        Where models are kept; made if missing.
    name
        Name of the model, not taken yet.
    model
        A fitted scikit-learn estimator of trusted types.
    card
        What is to be known of it, JSON values by name.

    Returns
    -------
    Path
        The card.

    Raises
    ------
    UsageError
        The name cannot be one, or is taken.
    """
    check_new_name(folder, name)
    data = _dump(model)
    full_card = {
        "format": FORMAT,
        "name": name,
        **card,
        "model_bytes": len(data),
        "model_sha256": hashlib.sha256(data).hexdigest(),
    }
    text = json.dumps(full_card, indent=1, ensure_ascii=False) + "\n"
    card_path = folder / f"{name}.json"
    with one_writer(folder):
        check_new_name(folder, name)  # another may have taken it since
        write_whole(card_path.with_name(f"{name}.skops"), data)
        write_whole(card_path, text.encode())
    return card_path


def read_card(path: Path) -> dict[str, Any]:
    """Read a model's card.

    Raises
    ------
    UsageError
        There is no such file.
    SourceError
        It is no card, or of a newer format.
    """
    with open_file(path) as stream:
        text = stream.read(_MOST_CARD_BYTES + 1)
    if len(text) > _MOST_CARD_BYTES:
        raise SourceError(path, "", f"is longer than {_MOST_CARD_BYTES:,} bytes: no model card")
    try:
        card = json.loads(text)
        found = card["format"]
        needed = [card["name"], card["model_sha256"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SourceError(path, "", "is no model card", _HINT) from None
    if not isinstance(found, int) or not all(isinstance(one, str) for one in needed):
        raise SourceError(path, "", "is no model card", _HINT)
    if found > FORMAT:
        raise SourceError(
            path, "format", f"is {found}, made by a newer mbml; this one reads {FORMAT}", "Upgrade."
        )
    return dict(card)


def read_model(card_path: Path) -> tuple[Any, dict[str, Any]]:
    """Read a model and its card.

    Raises
    ------
    UsageError
        A file is missing.
    SourceError
        A file is damaged, is not the card's, or asks for a type that is not trusted.
    """
    card = read_card(card_path)
    path = card_path.with_suffix(".skops")
    with open_file(path) as stream:
        data = stream.read(_MOST_BYTES + 1)
    if hashlib.sha256(data).hexdigest() != card["model_sha256"]:
        raise SourceError(path, "", f"is not the file that {card_path.name} describes", _HINT)
    return _load(path, data), card


def _dump(model: Any) -> bytes:
    import skops.io

    plain = skops.io.dumps(model)
    untrusted = set(skops.io.get_untrusted_types(data=plain)) - set(TRUSTED)
    if untrusted:
        raise UsageError(f"cannot save a model made of {', '.join(sorted(untrusted))}")
    return _reproducible(plain)


def _reproducible(data: bytes) -> bytes:
    """Replace the random names and memory addresses in a skops file by numbers in order."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(entries.pop("schema.json"))
    seen: dict[Any, int] = {}
    names: dict[str, str] = {}

    def renumber(node: Any) -> Any:
        if isinstance(node, list):
            return [renumber(one) for one in node]
        if not isinstance(node, dict):
            return node
        renewed: dict[str, Any] = {}
        for key, value in node.items():
            if key == "__id__":
                renewed[key] = seen.setdefault(value, len(seen))
            elif key == "file" and value in entries:
                ending = value.rpartition(".")[2]
                renewed[key] = names.setdefault(value, f"{len(names)}.{ending}")
            else:
                renewed[key] = renumber(value)
        return renewed

    text = json.dumps(renumber(schema))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for old, new in names.items():
            archive.writestr(zipfile.ZipInfo(new), entries[old], zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("schema.json"), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


class _RefusedError(Exception):
    """A file that can be read and must not be."""


def _load(path: Path, data: bytes) -> Any:
    try:
        return _construct(data)
    except _RefusedError as error:
        raise SourceError(path, "", str(error), _HINT) from None
    # Whatever a doctored file makes skops, NumPy or XGBoost raise means the same to the user.
    except Exception as error:
        raise SourceError(
            path, "", f"is a damaged model ({type(error).__name__}: {error})", _HINT
        ) from error


def _construct(data: bytes) -> Any:
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > _MOST_BYTES:
        raise _RefusedError(f"unpacks to {size:,} bytes: more than a model has")
    untrusted = sorted(set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED))
    if untrusted:
        raise _RefusedError(f"asks for {', '.join(untrusted)}, which no model needs")
    with warnings.catch_warnings():
        # The card names the version; a test holds that predictions do not depend on it.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        model = skops.io.loads(data, trusted=list(TRUSTED))
    for tree in _trees(model):
        _check_tree(tree)
    return model


def _trees(part: Any) -> Iterator[Any]:
    """Find the trees of scikit-learn anywhere in a model."""
    from sklearn.tree._tree import Tree

    if isinstance(part, Tree):
        yield part
    elif isinstance(part, dict):
        for one in part.values():
            yield from _trees(one)
    elif isinstance(part, list | tuple) or (isinstance(part, np.ndarray) and part.dtype == object):
        for one in part:
            yield from _trees(one)
    elif hasattr(part, "__dict__"):
        yield from _trees(vars(part))


def _check_tree(tree: Any) -> None:
    """Check that every walk through a tree stays in it and ends.

    Raises
    ------
    ValueError
        It might not.
    """
    if not 0 < tree.node_count <= tree.capacity:
        raise ValueError("a tree has more nodes than it holds")
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner = np.flatnonzero(left != -1)
    for child in (left[inner], right[inner]):
        if np.any(child <= inner) or np.any(child >= tree.node_count):
            raise ValueError("a tree leads out of itself or back")
    if np.any(feature[inner] < 0) or np.any(feature[inner] >= tree.n_features):
        raise ValueError("a tree asks for a feature that is not there")
