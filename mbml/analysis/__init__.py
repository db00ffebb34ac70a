"""Analysis of results: tests of whether predictors differ, and what a predictor relies on."""
