"""Announce what happened, dispatch it, forward what the store announces."""
