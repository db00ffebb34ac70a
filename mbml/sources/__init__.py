"""Files in their original formats -> Arrow batches in one common form (`batch.py`).

A folder for each benchmark and for tables; what they rest on are the formats `tfrecord/` and
`pickles/`. `registry.py` opens a file by the name that `mbml ingest` takes.
"""
