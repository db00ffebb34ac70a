"""TFRecord framing: read in pieces, and written."""
