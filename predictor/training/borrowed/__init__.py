"""Fetch pictures from packages. Run it with python -m predictor.training.borrowed."""
