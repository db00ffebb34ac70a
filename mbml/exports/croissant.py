"""The description of a data set in Croissant 1.0 (http://mlcommons.org/croissant/1.0), JSON-LD."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from mbml.exports.description import UNKNOWN
from mbml.text import in_json

if TYPE_CHECKING:
    import pyarrow as pa

    from mbml.exports.description import Config, Description

_PARQUET: Final = "application/x-parquet"
#: Names of columns that identify a field as they are; others may not, such as those with spaces.
_PLAIN: Final = re.compile(r"[^\W\d]\w*")
#: The words of Croissant, as its specification maps them.
_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
} | {
    name: f"cr:{name}"
    for name in (
        *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject"),
        *("fileProperty", "fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key"),
        *("md5", "parentField", "path", "recordSet", "references", "regex", "repeated"),
        *("replace", "samplingRate", "separator", "source", "subField", "transform"),
    )
}


def croissant(described: Description) -> str:
    """Return the text of ``croissant.json``."""
    configs = described.configs
    known = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": described.title,
        "description": described.summary,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": [
            name if name == UNKNOWN else f"https://spdx.org/licenses/{name}"
            for name in described.licences
        ],
        "citeAs": described.bibtex,
        "keywords": ["neural architecture search", *described.benchmarks],
        "distribution": [one for config in configs for one in _distribution(config)],
        "recordSet": [_record_set(config) for config in configs],
    }
    return in_json(json.dumps(known, indent=2, ensure_ascii=False)) + "\n"


def _distribution(config: Config) -> list[dict[str, Any]]:
    files = [
        {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": file.path.rpartition("/")[2],
            "contentUrl": file.path,
            "contentSize": f"{file.bytes} B",
            "encodingFormat": _PARQUET,
            "sha256": file.sha256,
        }
        for file in config.files
    ]
    together = {
        "@type": "cr:FileSet",
        "@id": _file_set(config),
        "encodingFormat": _PARQUET,
        "includes": [file.path for file in config.files],
    }
    return [*files, together]


def _file_set(config: Config) -> str:
    return f"data/{config.name}"


def _record_set(config: Config) -> dict[str, Any]:
    kinds = {name: _data_type(kind) for name, kind, _ in config.columns}
    without = [name for name, kind in kinds.items() if kind is None]
    left_out = f" Croissant has no type for these columns: {', '.join(without)}." if without else ""
    return {
        "@type": "cr:RecordSet",
        "@id": config.name,
        "name": config.name,
        "description": config.holds_rows + left_out,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{config.name}/{name if _PLAIN.fullmatch(name) else number}",
                "name": name,
                "description": meaning,
                **kind,
                "source": {
                    "fileSet": {"@id": _file_set(config)},
                    "extract": {"column": name},
                },
            }
            for number, (name, _, meaning) in enumerate(config.columns)
            if (kind := kinds[name]) is not None
        ],
    }


def _data_type(kind: pa.DataType) -> dict[str, Any] | None:
    """Return the members that say the type of a field; None if Croissant has no word for it."""
    from pyarrow import types

    if types.is_list(kind) and not types.is_list(kind.value_type):
        of = _data_type(kind.value_type)
        return None if of is None else {**of, "repeated": True}
    words = {
        "sc:Boolean": types.is_boolean,
        "sc:Integer": types.is_integer,
        "sc:Float": lambda kind: types.is_floating(kind) or types.is_decimal(kind),
        "sc:Text": types.is_string,
        "sc:Date": types.is_date,
        "sc:DateTime": types.is_timestamp,
    }
    word = next((word for word, fits in words.items() if fits(kind)), None)
    return None if word is None else {"dataType": word}
