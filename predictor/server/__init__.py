"""HTTP: routes, limits on what comes in, and how every answer and log line looks. Start reading at app.py."""
