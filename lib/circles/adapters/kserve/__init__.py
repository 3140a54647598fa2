"""Detect circles with a KServe predictor."""
