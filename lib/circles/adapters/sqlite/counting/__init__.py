"""Rows of runs, corrections, millimetres and batches."""
