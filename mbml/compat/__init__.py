"""The benchmarks' own Python interfaces over a warehouse: same names, defaults and units.

Search code written for the originals runs with one changed import; `docs/compat.md` lists what
differs.
"""
