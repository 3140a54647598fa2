"""The baseline: the same three routes as one FastAPI app, as a competent engineer writes it in an afternoon."""
