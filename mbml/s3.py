"""Writing to S3: a file or folder is made on the local disk, and uploaded when it is whole.

An object of S3 appears when all of it has arrived, so a file keeps the promise of `whole_file`. Of
a folder each file does, one after the other; if one cannot be uploaded, the others are removed.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbml.errors import MbmlError, UsageError
from mbml.text import first_line
from mbml.whole_file import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEME = "s3://"
#: Seconds until a server has to answer, and how often it is asked.
_PATIENCE = 5.0
_TRIES = 3
#: What a server or the way to it refuses, as pyarrow words it, and what to do.
_NEXT_STEPS = {
    "ACCESS_DENIED|INVALID_ACCESS_KEY|SIGNATURE|TOKEN|UNRECOGNIZED_CLIENT|HTTP status 403": (
        "check the credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE), and"
        " that they allow listing, writing and deleting"
    ),
    "HTTP status 30|PermanentRedirect|AuthorizationHeaderMalformed": (
        "set AWS_REGION to the region of the bucket"
    ),
    "NETWORK_CONNECTION|curlCode": (
        "check the network, and AWS_ENDPOINT_URL if the server is not Amazon's"
    ),
}


@contextmanager
def uploaded(address: str, *, overwrite: bool) -> Iterator[Path]:
    """Give a local name to write under; the file or folder there is uploaded to its address.

    Credentials and region are those that the tools of AWS find (environment, ``~/.aws``, the
    machine's role); AWS_ENDPOINT_URL names another server than Amazon's.

    Parameters
    ----------
    address
        ``s3://bucket/key``.
    overwrite
        Take the place of what is there. Files of an earlier folder go when all new ones have come.

    Raises
    ------
    UsageError
        The address is not one of S3, there is no such bucket, or the name is taken.
    MbmlError
        S3 cannot be reached or refuses to take it; the message names what is left, if anything.
    """
    path = _path(address)
    store = _store()
    with _explained(address):
        bucket, target = store.get_file_info([path.partition("/")[0], path])
    if not _exists(bucket):
        raise UsageError(f"{address}: there is no bucket {bucket.path}; create it first")
    if _exists(target) and not overwrite:
        raise UsageError(
            f"{address}: exists already; choose another folder, or add `overwrite=True`"
        )
    with tempfile.TemporaryDirectory(prefix="mbml-") as folder:
        local = Path(folder) / path.rpartition("/")[2]
        with whole(local) as partial:
            yield partial
        _upload(store, local, path, address, is_new=not _exists(target))


def _upload(store: Any, local: Path, path: str, address: str, *, is_new: bool) -> None:
    from pyarrow.fs import LocalFileSystem, copy_files

    files = {path: local}
    if local.is_dir():
        inside = sorted(file for file in local.rglob("*") if file.is_file())
        files = {f"{path}/{file.relative_to(local).as_posix()}": file for file in inside}
    disk = LocalFileSystem()
    try:
        for key, file in files.items():
            with _explained(address):
                # In one call: an interrupt in between would complete an object that is not whole.
                copy_files(str(file), key, source_filesystem=disk, destination_filesystem=store)
        with _explained(address):
            _check_sizes(store, files)
            if local.is_dir() and not is_new:
                _remove_others(store, path, set(files))
    except BaseException as error:
        left = _left_after_failure(store, path, address, is_file=not local.is_dir(), is_new=is_new)
        if not left:
            raise
        reason = str(error) if isinstance(error, MbmlError) else f"{address}: interrupted"
        raise MbmlError(f"{reason}; {left}") from error


def _check_sizes(store: Any, files: dict[str, Path]) -> None:
    for found, file in zip(store.get_file_info(list(files)), files.values(), strict=True):
        if found.size != file.stat().st_size:
            raise OSError(f"{found.path} has {found.size} bytes, not {file.stat().st_size}")


def _left_after_failure(store: Any, path: str, address: str, *, is_file: bool, is_new: bool) -> str:
    """Remove what was uploaded under a new name; return what is left under it, in words."""
    if not is_new:
        # A file is replaced by a whole one, or not at all.
        return "" if is_file else f"{address} may hold files of both exports: repeat the command"
    try:
        if _exists(store.get_file_info(path)):
            if is_file:
                store.delete_file(path)
            else:
                store.delete_dir(path)
    except OSError:
        return f"what was uploaded could not be removed: delete {address}"
    return ""


def _remove_others(store: Any, path: str, kept: set[str]) -> None:
    """Remove what a folder holds besides some files, without a trace of emptied folders."""
    from pyarrow.fs import FileSelector, FileType

    folders = {key[: end.start()] for key in kept for end in re.finditer("/", key)}
    for found in store.get_file_info(FileSelector(path, recursive=True)):
        if found.path in kept | folders or found.path.rpartition("/")[0] not in folders:
            continue
        if found.type == FileType.Directory:
            store.delete_dir(found.path)
        else:
            store.delete_file(found.path)


def _exists(info: Any) -> bool:
    from pyarrow.fs import FileType

    return bool(info.type != FileType.NotFound)


def _path(address: str) -> str:
    path = address.removeprefix(SCHEME).rstrip("/")
    if not address.startswith(SCHEME) or any(part in ("", ".", "..") for part in path.split("/")):
        raise UsageError(f"{address}: expected s3://BUCKET/FOLDER, with a name between any two /")
    return path


def _store() -> Any:
    try:
        from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem
    except ImportError as error:
        raise MbmlError(
            "the installed pyarrow cannot write to S3; install the one of the Python Package Index,"
            " or export to a local folder and copy it"
        ) from error
    server = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return S3FileSystem(
        endpoint_override=server or None,
        connect_timeout=_PATIENCE,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=_TRIES),
    )


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Say in one line why S3 does not do what it was asked for, and what to do next."""
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        reason = first_line(error)
        steps = (step for words, step in _NEXT_STEPS.items() if re.search(words, reason))
        step = next(steps, "check the address and the server")
        raise MbmlError(f"{address}: cannot be written: {reason}; {step}") from error
