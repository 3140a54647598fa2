"""What python -m bench measures: one table per module."""
