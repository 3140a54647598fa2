"""The smallest function there is: what a cold start costs before any code of ours."""

import functions_framework
from flask import Request


@functions_framework.http
def hello(request: Request) -> str:
    """Greet."""
    return "Hello, world!\n"
