"""Read requests: bodies, forms, uploads, queries, cursors."""
