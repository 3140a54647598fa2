"""Measures the functions beside baselines: `python -m bench`, see README.md."""
