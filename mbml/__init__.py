"""mbml: the published neural-architecture-search benchmarks in one SQL warehouse."""

from importlib.metadata import version

__version__ = version("mbml")
