"""The command line: parses, prints, and owns the exit codes; all work is done by the library."""
