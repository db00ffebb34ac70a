"""Charts as files, and the scripts that draw charts in a page: what the chart library makes.

It keeps Python's lock while it works, so that no thread would help: it works in another process,
while this one computes. That one imports nothing but this module and the library.
"""

from __future__ import annotations

import re
import sys
from operator import call
from typing import TYPE_CHECKING, Any

from mbml.workers import follow_parent, results_of, worker_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from concurrent.futures import ProcessPoolExecutor
    from contextlib import AbstractContextManager
    from pathlib import Path


def drawer() -> AbstractContextManager[ProcessPoolExecutor]:
    """Give the process that draws; raises as `mbml.workers.worker_pool`."""
    # A second one would take 200 MB, and wait for what is computed.
    return worker_pool(1, follow_parent)


def results(pool: ProcessPoolExecutor, tasks: Iterable[Callable[[], Any]]) -> Generator[Any]:
    """Hand out all tasks, then yield their results in order.

    Each is under way as soon as the iterable gives it, and the iterable goes on meanwhile.
    """
    return results_of(pool, call, tasks, most=sys.maxsize, in_order=True)


def scripts(version: str) -> str:
    """Return the scripts that draw charts of a version of Vega-Lite, such as `6.1`, in a page."""
    import vl_convert

    # Its types do not know that the snippet may be left out.
    bundle: str = vl_convert.javascript_bundle(vl_version=version)  # type: ignore[call-arg]
    return bundle.replace("</script", "<\\/script")


def draw(folder: Path, name: str, chart: dict[str, Any] | str, look: dict[str, Any]) -> None:
    """Write a chart as SVG, PDF and PNG.

    Parameters
    ----------
    folder, name
        Where the files go, and their stem.
    chart
        As Vega-Lite takes it, or drawn already, as SVG.
    look
        The chart library's configuration.
    """
    import vl_convert

    svg = chart
    if not isinstance(svg, str):
        svg = _numbered(vl_convert.vegalite_to_svg(chart, config=look))
    (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
    (folder / f"{name}.pdf").write_bytes(vl_convert.svg_to_pdf(svg))
    (folder / f"{name}.png").write_bytes(vl_convert.svg_to_png(svg, scale=2))


def _numbered(svg: str) -> str:
    """Give gradients of a drawing numbers from 0, whatever its process drew before."""
    numbers: dict[str, int] = {}
    return re.sub(
        r"(?<=[\"#]gradient_)\d+",
        lambda found: str(numbers.setdefault(found[0], len(numbers))),
        svg,
    )
