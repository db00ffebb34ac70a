"""Predictors: regressors from features to accuracy, how they are trained and scored."""
