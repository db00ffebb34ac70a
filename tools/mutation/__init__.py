"""Changes that a test should notice, one at a time: see `tools/mutants.py`."""
