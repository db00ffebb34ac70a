"""Files in their original formats -> Arrow batches in one common form (`batch.py`)."""
