"""Fits the parameters of the surrogate model: `python tools/fit_surrogates.py DATA [BENCHMARK]`.

DATA is the folder of real tables that MBML_DATA names. What is kept is a few small trees, curves
of some sixty points and a handful of spreads: two files of package data, and no measurement.
"""

from __future__ import annotations

import gzip
import json
import sys
from importlib.resources import files
from pathlib import Path

from surrogate_fit.nasbench101 import fit_nasbench101
from surrogate_fit.nasbench201 import fit_nasbench201


def main() -> None:
    """Fit both benchmarks, or the one named after DATA, and write their parameters."""
    data, *only = sys.argv[1:]
    for benchmark, fit in (("nasbench101", fit_nasbench101), ("nasbench201", fit_nasbench201)):
        if not only or benchmark in only:
            text = json.dumps(fit(Path(data)), separators=(",", ":"))
            path = Path(str(files("mbml.surrogate") / "parameters" / f"{benchmark}.json.gz"))
            path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
