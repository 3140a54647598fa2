"""Serve the smallest function: what a cold start costs without any code of ours."""

import functions_framework
from flask import Request


@functions_framework.http
def hello(request: Request) -> str:
    """Return a greeting."""
    return "Hello, world!\n"
