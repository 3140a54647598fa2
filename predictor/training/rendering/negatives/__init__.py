"""Render whole pictures with nothing round in them."""
