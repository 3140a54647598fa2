"""Correct what was found, put millimetres on it, complete batches."""
