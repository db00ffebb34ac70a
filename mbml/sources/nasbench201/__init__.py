"""NAS-Bench-201 files, and the record of one architecture that NATS-Bench shares."""
