"""Tables of measurements and of zero-cost proxies: Parquet and CSV."""
