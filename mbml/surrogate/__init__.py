"""Invented benchmarks in the original file formats, of any size, marked as such by their names."""
