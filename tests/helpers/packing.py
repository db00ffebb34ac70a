"""Files packed in every way that people pack them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pyarrow as pa

COMPRESSED = {
    "gz": lambda data: gzip.compress(data, 1),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
}


def tar(files, *, form=tarfile.PAX_FORMAT):
    """A tar archive of files by name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def zipped(files, *, method=zipfile.ZIP_DEFLATED):
    """A zip archive of files by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


#: One file of a name and its bytes, packed; by the ending that tells how.
PACKED = {
    **{ending: lambda _, data, pack=pack: pack(data) for ending, pack in COMPRESSED.items()},
    "tar": lambda name, data: tar({name: data}),
    "tgz": lambda name, data: gzip.compress(tar({f"folder/{name}": data}), 1),
    "tar.xz": lambda name, data: lzma.compress(tar({name: data}, form=tarfile.GNU_FORMAT)),
    "tar.zst": lambda name, data: COMPRESSED["zst"](tar({name: data}, form=tarfile.USTAR_FORMAT)),
    "zip": lambda name, data: zipped(
        {f"a/b/{name}": data, "__MACOSX/._x": b"", "a/.DS_Store": b"x"}
    ),
    "zip of gz": lambda name, data: zipped({f"{name}.gz": gzip.compress(data)}),
}
