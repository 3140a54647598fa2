"""The baseline: the same three routes as a plain FastAPI app, written in an afternoon."""
