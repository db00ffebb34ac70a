"""Topology: what follows from a cell's graph alone, as hundreds of named columns."""
