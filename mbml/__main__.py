"""`python -m mbml` is the command `mbml`."""

from mbml.cli.app import main

main()
