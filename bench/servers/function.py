"""Define the function that the servers run: 24 objects as JSON, without a store."""

from flask import Request, Response, jsonify

OBJECTS = [
    {"object_id": f"0199c0de-0000-7000-8000-{n:012d}", "bbox": [n, n, 40, 40]} for n in range(24)
]


def hello(_: Request) -> Response:
    """Return 1.8 kB of JSON."""
    return jsonify(OBJECTS)
