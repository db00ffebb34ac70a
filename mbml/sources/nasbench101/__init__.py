"""NAS-Bench-101 record files: every training with its three evaluations, as the file has them."""
