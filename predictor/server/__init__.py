"""Serve HTTP: routes, limits, responses and the access log. Start reading at app.py."""
