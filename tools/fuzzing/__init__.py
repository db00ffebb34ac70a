"""The readers to fuzz, one module a kind of file: see `tools/fuzz.py`."""

from fuzzing import archives, models, naslib, pickles, records, tables

_MODULES = (records, pickles, archives, naslib, tables, models)
READERS = {one.name: one for module in _MODULES for one in module.READERS}
