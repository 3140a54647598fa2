"""Compare WSGI servers under functions_framework.create_app(): python -m bench.servers."""
