"""Identify principals, and create and revoke what they identify themselves with."""
