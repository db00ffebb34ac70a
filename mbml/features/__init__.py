"""Feature sets: what a predictor may know of an architecture without training it."""
