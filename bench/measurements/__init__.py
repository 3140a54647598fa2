"""The measurements of python -m bench, one table per module."""
