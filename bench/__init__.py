"""Measure the functions beside baselines: `python -m bench`, see README.md."""
