"""Reports: one self-contained HTML page, its figures and tables as files beside it."""
