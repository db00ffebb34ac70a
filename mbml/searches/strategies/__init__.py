"""Strategies: what to train next, given what was seen; `registry.py` lists them."""
