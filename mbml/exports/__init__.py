"""What a warehouse holds as files for others: Parquet, CSV, JSON, a folder for a hub.

A file or folder appears under its name only when it is whole, on the local disk or in S3
(`mbml.s3`). Invented numbers are named so, in the name and inside.
"""

from mbml.exports.dataset import export_dataset
from mbml.exports.naslib import export_naslib
from mbml.exports.published import export_published
from mbml.exports.results import export_results
from mbml.exports.tables import export_tables
from mbml.exports.views import export

__all__ = [
    "export",
    "export_dataset",
    "export_naslib",
    "export_published",
    "export_results",
    "export_tables",
]
