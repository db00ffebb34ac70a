"""A trained predictor as two files that may travel: `NAME.skops` and its card, `NAME.json`.

Nothing in a model file is run or believed: `mbml.predictors.saved` checks each part of it
before it makes one object. The card holds the file's checksum.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

from mbml.errors import SourceError, UsageError
from mbml.predictors.saved.parts import RefusedError
from mbml.sources.files import open_file
from mbml.whole_file import check_local, one_writer, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Since 2, deviations are calibrated; a file of format 1 is read, without prediction intervals.
FORMAT = 2

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_MOST_CARD_BYTES = 2**20
_MOST_BYTES = 2**30
_HINT = "Train and save the model anew, or fetch the file again."


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
    check_local(folder)
    check_name(name)
    path = folder / f"{name}.json"
    if path.exists():
        raise UsageError(f"there is a model {name!r} already ({path}); choose another name")


def write_model(
    folder: Path, name: str, model: Any, card: Mapping[str, Any], *, prove: bool = False
) -> Path:
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
    prove
        Whether to read the model again before anything is written.

    Returns
    -------
    Path
        The card.

    Raises
    ------
    UsageError
        The name cannot be one, or is taken, or the model could not be read again.
    """
    check_new_name(folder, name)
    data = _dump(model)
    if prove:
        try:
            _construct(data)
        except RefusedError as error:
            raise UsageError(f"cannot save a model that could not be read: it {error}") from None
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

    from mbml.predictors.saved.kinds import ESTIMATORS
    from mbml.predictors.saved.parts import unknown_names

    plain = skops.io.dumps(model)
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        unknown = unknown_names(json.loads(archive.read("schema.json")), ESTIMATORS)
    if unknown:
        raise UsageError(f"cannot save a model made of {', '.join(unknown)}")
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


def _load(path: Path, data: bytes) -> Any:
    try:
        return _construct(data)
    except RefusedError as error:
        raise SourceError(path, "", str(error), _HINT) from None
    # Whatever a doctored file makes skops, NumPy or XGBoost raise means the same to the user.
    except Exception as error:
        raise SourceError(
            path, "", f"is a damaged model ({type(error).__name__}: {error})", _HINT
        ) from error


def _construct(data: bytes) -> Any:
    from mbml.predictors.saved.build import build
    from mbml.predictors.saved.kinds import ESTIMATORS
    from mbml.predictors.saved.parts import read_parts

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size > _MOST_BYTES:
            raise RefusedError(f"unpacks to {size:,} bytes: more than a model has")
        return build(read_parts(archive, ESTIMATORS))
