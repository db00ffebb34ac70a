"""Where a file may hide a pickle that runs code, and what the container may say of it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib

import numpy as np
from nas_records import TORCH_HEAD, legacy, small_release
from opcodes import call, named, pickled

COMMAND = "touch TRIPPED"
CODE = "open('TRIPPED', 'w').close()"
SYSTEM = pickled(call("os.system", COMMAND))
GOOD = pickle.dumps(small_release(), 2)


def _zip(*entries, kind: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, kind)
        archive.comment = comment
    return out.getvalue()


def _patched(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    at = data.index(signature) + offset
    return data[:at] + value + data[at + len(value) :]


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def _tar(name: str, data: bytes, mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _object_array() -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return out.getvalue()


def _torch(**changed: bytes) -> bytes:
    """A legacy torch file with other pickles in the places of its own."""
    names = ("magic", "version", "system", "value", "keys")
    parts = dict(zip(names, [*TORCH_HEAD, small_release(), []], strict=True))
    return b"".join(changed.get(name) or pickle.dumps(part, 2) for name, part in parts.items())


def containers() -> dict[str, bytes]:
    """Where a payload stands, and what the container says of it."""
    inner = ("archive/data.pkl", SYSTEM)
    plain = _zip(inner, ("archive/version", b"3\n"))
    wrapped = bytearray(plain)
    for at in (plain.index(LOCAL) + 14, plain.index(CENTRAL) + 16):
        wrapped[at] ^= 255
    good = _zip(("archive/data.pkl", GOOD), ("archive/version", b"3\n"))
    array = _object_array()
    wrong_magic = pickle.dumps(TORCH_HEAD[0] + 1, 2)
    return {
        "zip": plain,
        "zip, deflated": _zip(inner, kind=zipfile.ZIP_DEFLATED),
        "zip, bz2 within": _zip(inner, kind=zipfile.ZIP_BZIP2),
        "zip, lzma within": _zip(inner, kind=zipfile.ZIP_LZMA),
        "zip, CRC wrong in both places": bytes(wrapped),
        "zip, CRC wrong in the directory": _patched(plain, CENTRAL, 16, b"\0\0\0\0"),
        "zip, content changed": plain.replace(COMMAND.encode(), b"touch TRAPPED"[:13]),
        "zip, good content changed": good.replace(b"train_losses", b"train_Losses"),
        "zip, flag 0x1 in the directory": _patched(plain, CENTRAL, 8, b"\x01\0"),
        "zip, flag 0x1 in the local header": _patched(good, LOCAL, 6, b"\x01\0"),
        "zip, flag 0x20": _patched(plain, CENTRAL, 8, b"\x20\0"),
        "zip, flag 0x40": _patched(good, CENTRAL, 8, b"\x40\0"),
        "zip, method unknown": _patched(good, CENTRAL, 10, b"\x63\0"),
        "zip, method only in the local header": _patched(good, LOCAL, 8, b"\x08\0"),
        "zip, another name in the local header": good.replace(b"data.pkl", b"datap.kl", 1),
        "zip, another size in the directory": _patched(good, CENTRAL, 24, b"\x05\0\0\0"),
        "zip, another offset": _patched(good, CENTRAL, 42, b"\x07\0\0\0"),
        "zip, offset beyond the end": _patched(good, CENTRAL, 42, b"\xff\xff\xff\x7f"),
        "zip, directory size wrong": _patched(good, END, 12, b"\xff\xff\0\0"),
        "zip, directory offset wrong": _patched(good, END, 16, b"\xff\xff\0\0"),
        "zip, more entries than there are": _patched(good, END, 8, b"\x09\0\x09\0"),
        "zip, no directory": good[: good.index(CENTRAL)],
        "zip, two directories": good + plain,
        "zip, the same name twice": good[: good.index(CENTRAL)] + plain,
        "zip, two folders with a pickle": _zip(inner, ("b/data.pkl", GOOD)),
        "zip, the pickle under another name": _zip(("archive/payload.pkl", SYSTEM)),
        "zip, the name in capitals": _zip(("archive/DATA.PKL", SYSTEM)),
        "zip, the name with a blank": _zip(("archive/data.pkl ", SYSTEM)),
        "zip, the name with a null": _zip(("archive/data.pkl\0x", SYSTEM)),
        "zip, the name as a folder": _zip(("archive/data.pkl/", b""), ("archive/x", SYSTEM)),
        "zip, the name with dots": _zip(("archive/../data.pkl", SYSTEM)),
        "zip, an absolute name": _zip(("/data.pkl", SYSTEM)),
        "zip, a name of a drive": _zip(("C:\\data.pkl", SYSTEM)),
        "zip, a long comment": _zip(inner, comment=SYSTEM * 99),
        "zip, something in front": SYSTEM + good,
        "zip, something behind": good + SYSTEM,
        "zip in a zip": _zip(("archive/data.pkl", plain)),
        "zip of a numpy archive": _zip(("a.npy", array)),
        "zip of TorchScript": _zip(("m/constants.pkl", SYSTEM), ("m/code/x.py", CODE.encode())),
        "zip of TorchScript with both": _zip(inner, ("archive/constants.pkl", SYSTEM)),
        "zip in gzip": gzip.compress(plain),
        "zip in bz2": bz2.compress(plain),
        "zip in bz2 in gzip": gzip.compress(bz2.compress(plain)),
        "pickle in gzip": gzip.compress(SYSTEM),
        "pickle in bz2": bz2.compress(SYSTEM),
        "pickle in xz": lzma.compress(SYSTEM),
        "pickle in lzma": lzma.compress(SYSTEM, lzma.FORMAT_ALONE),
        "pickle in zlib, as joblib has it": zlib.compress(SYSTEM),
        "pickle in zlib, of joblib's old form": b"ZF0x00000000000000063" + zlib.compress(SYSTEM),
        "pickle in lz4": b"\x04\x22\x4d\x18" + SYSTEM,
        "pickle in zstd": b"\x28\xb5\x2f\xfd" + SYSTEM,
        "pickle in 7z": b"7z\xbc\xaf\x27\x1c\0\x04" + SYSTEM,
        "pickle in rar": b"Rar!\x1a\x07\x01\0" + SYSTEM,
        "pickle in cab": b"MSCF\0\0\0\0" + SYSTEM,
        "pickle in tar": _tar("data.pkl", SYSTEM),
        "pickle in tar.gz": _tar("data.pkl", SYSTEM, "w:gz"),
        "torch's oldest form, a tar": _tar("pickle", SYSTEM),
        "numpy array of objects": array,
        "numpy array, header that is code": b"\x93NUMPY\x01\0\x20\0" + CODE.encode().ljust(32),
        "numpy array with a payload": array[: array.index(b"\x80")] + SYSTEM,
        "joblib array": pickled(named("joblib.numpy_pickle.NumpyArrayWrapper") + b")\x81}b")
        + array,
        "HDF5": b"\x89HDF\r\n\x1a\n" + SYSTEM,
        "PNG": b"\x89PNG\r\n\x1a\n" + SYSTEM,
        "ELF": b"\x7fELF" + SYSTEM,
        "script": b"#!/bin/sh\n" + COMMAND.encode(),
        "Python": CODE.encode(),
        "JSON": b'{"__reduce__": ["os.system", "x"]}',
        "safetensors": struct.pack("<Q", 2) + b"{}" + SYSTEM,
        "GGUF": b"GGUF" + SYSTEM,
        "byte order mark": b"\xef\xbb\xbf" + SYSTEM,
        "torch, another magic": _torch(magic=wrong_magic),
        "torch, another magic and a payload": _torch(magic=wrong_magic, value=SYSTEM),
        "torch, payload for the magic": SYSTEM + legacy(small_release()),
        "torch, payload for the version": _torch(version=SYSTEM),
        "torch, payload for the system": _torch(system=SYSTEM),
        "torch, payload for the value": _torch(value=SYSTEM),
        "torch, payload for the keys": _torch(keys=SYSTEM),
        "torch, payload behind": legacy(small_release()) + SYSTEM,
        "torch, version that is a text": _torch(version=pickle.dumps("1001", 2)),
        "torch, version that is True": _torch(version=pickle.dumps(1001.0, 2)),
        "torch, another version": _torch(version=pickle.dumps(1002, 2)),
        "torch, tensors": _torch(keys=pickle.dumps(["0"], 2) + bytes(100)),
        "torch, keys that are a tuple": _torch(keys=pickle.dumps((), 2)),
    }
