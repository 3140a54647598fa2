"""Handlers and documents of each resource of the contract."""
