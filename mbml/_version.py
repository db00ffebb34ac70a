"""The version of mbml, as installed."""

from importlib.metadata import version

__version__ = version("mbml")
