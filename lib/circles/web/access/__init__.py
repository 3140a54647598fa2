"""Check requests before they reach a handler."""
