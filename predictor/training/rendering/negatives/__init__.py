"""Whole pictures with nothing round in them."""
