"""Fits the parameters of the surrogate model to real tables; run as `python -m`."""
