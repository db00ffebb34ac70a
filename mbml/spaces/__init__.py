"""Search spaces: cells as graphs, known without any data file."""
