"""Where the real measurements and genuine files are, for those who have them."""

from __future__ import annotations

import os
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]


def real_data_folder() -> Path:
    """The folder of real measurements: MBML_DATA, else beside the checkout."""
    return Path(os.environ.get("MBML_DATA", _CHECKOUT.parent / "shared" / "data"))
