"""Repair what a crash left, find objects that no event told of, fill in what is missing."""
