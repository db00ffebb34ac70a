"""From the bytes of a model file to an estimator, each part checked before a library sees it."""
