"""Principals, their tokens and sessions, and the port that stores them."""
