"""Searches: a strategy queries a view as if each query were a training, at its price."""
