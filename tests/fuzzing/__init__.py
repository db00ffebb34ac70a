"""The readers to fuzz, one module a kind of file: see `tests/fuzz.py`."""

from fuzzing import pickles, records, tables

READERS = {one.name: one for one in (*records.READERS, *pickles.READERS, *tables.READERS)}
