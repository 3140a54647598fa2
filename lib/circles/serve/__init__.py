"""The start command: `python -m circles.serve`."""
