"""The card of a data set: what it holds, in Markdown, under front matter that hubs read."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from mbml._version import __version__
from mbml.exports.description import UNKNOWN, WARNING
from mbml.sources.naming import SURROGATE_KEY
from mbml.text import in_markdown, markdown_head, markdown_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mbml.exports.description import Config, Description

#: The words that hubs have for numbers of rows, by their upper ends.
_SIZES = {
    1_000: "n<1K",
    10_000: "1K<n<10K",
    100_000: "10K<n<100K",
    1_000_000: "100K<n<1M",
    10_000_000: "1M<n<10M",
    100_000_000: "10M<n<100M",
    1_000_000_000: "100M<n<1B",
}
#: The one split; `datasets` needs a name, and keeps `all` for itself.
_SPLIT = "results"
_READING = (
    f"Each view is a configuration with one split, `{_SPLIT}`: which rows to train on is your"
    " choice. Accuracies are fractions in [0, 1] and times are in seconds. An empty value was not"
    " measured; nothing is imputed."
)
_TRAININGS = (
    "`schedule_epochs` is the length of a training, `epoch` the number of finished epochs."
    " Schedules of different lengths are separate trainings. `trial` is a seed or an order of"
    " arrival; trial 0 is one summary value, as a rule a mean over trials."
)
_NO_LICENCE = (
    "The licence of some or all of these numbers is unknown to mbml, because they are invented,"
    " come from a view of a user or from others than the benchmark's authors, or belong to a"
    " benchmark that names no licence. Find it out before you publish them."
)
_INSIDE = (
    "The metadata of each Parquet file repeats the version, the sources with their checksums, and"
    f" whether numbers may be invented (`{SURROGATE_KEY}`). Its Arrow schema holds the meanings of"
    " the columns."
)


def card(described: Description) -> str:
    """Return the text of ``README.md``."""
    sections = {
        described.title: [
            f"> **{WARNING}**" if described.is_surrogate else "",
            in_markdown(described.summary),
            _READING,
        ],
        **{f"Configuration {one.name}": _configuration(one) for one in described.configs},
        "Sources": [_sources(described)],
        "Licence": _licence(described),
        "Citation": [f"```bibtex\n{described.bibtex}\n```"],
        "How it was made": _making(described),
    }
    parts = [_front_matter(described)]
    for number, (title, texts) in enumerate(sections.items()):
        parts += [f"{'##' if number else '#'} {in_markdown(title)}", *filter(None, texts)]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _front_matter(described: Description) -> str:
    marks = ["surrogate"] if described.is_surrogate else []
    size = next((name for most, name in _SIZES.items() if described.rows < most), "n>1B")
    known = {
        "license": [name.lower() for name in described.licences],
        "pretty_name": described.title,
        "size_categories": [size],
        "tags": ["neural-architecture-search", "tabular", *described.benchmarks, *marks],
        "configs": [
            {
                "config_name": one.name,
                "data_files": [{"split": _SPLIT, "path": [file.path for file in one.files]}],
            }
            for one in described.configs
        ],
    }
    # JSON is YAML, whatever stands in a text.
    return "\n".join(["---", *(f"{key}: {json.dumps(it)}" for key, it in known.items()), "---"])


def _configuration(one: Config) -> list[str]:
    trainings = one.trainings
    texts = [in_markdown(one.holds_rows)]
    if trainings.width:
        texts += [_TRAININGS, _table(trainings.columns, trainings.iter_rows())]
    return [*texts, _table(("column", "type", "meaning"), one.columns)]


def _sources(described: Description) -> str:
    sources = {
        json.dumps(source): source for one in described.configs for source in one.origin.sources
    }
    if not sources:
        return "These views hold no measurements."
    names = list(next(iter(sources.values())))
    return _table(names, (one.values() for one in sources.values()))


def _licence(described: Description) -> list[str]:
    known = {name: of for name, of in described.licences.items() if name != UNKNOWN}
    texts = [
        f"The authors of {', '.join(of)} publish its results under {name}. Files of results"
        " from elsewhere may have terms of their own: see the sources."
        for name, of in known.items()
    ]
    return [*texts, _NO_LICENCE] if UNKNOWN in described.licences else texts


def _making(described: Description) -> list[str]:
    views = [one.name for one in described.configs]
    command = shlex.join(["mbml", "export", *views, "--layout", "dataset", "--to", "FOLDER"])
    return [f"By mbml {__version__}:", f"```sh\n{command}\n```", _INSIDE]


def _table(names: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    cells = (("" if cell is None else str(cell) for cell in row) for row in rows)
    return markdown_head(names, [False] * len(names)) + "".join(map(markdown_row, cells))
