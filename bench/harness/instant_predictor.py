"""
Answer each request immediately with the discs of the benchmark's picture.

The request is read to its end, so that the time of an upload is that of the function and of sending
the body. `python -m bench.harness.instant_predictor` listens on PORT.
"""

import json
import os
import re
import socketserver

from bench.harness.pictures import HEIGHT, WIDTH, place_discs

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


def build_answer() -> bytes:
    """Return the HTTP response: 24 objects, in V1 JSON as the project's predictor writes it."""
    objects = [
        {
            "bbox": [x - radius, y - radius, 2 * radius + 1, 2 * radius + 1],
            "centroid": [x + 0.5, y + 0.5],
            "radius": radius + 0.5,
            "score": 0.9,
            "label": "circle",
        }
        for x, y, radius in place_discs()
    ]
    instance = {"model_version": "instant", "width": WIDTH, "height": HEIGHT, "objects": objects}
    body = json.dumps({"predictions": [instance]}).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while head := self._read_head():
            length = _LENGTH.search(head)
            self.rfile.read(int(length[1]) if length else 0)
            self.wfile.write(_ANSWER)

    def _read_head(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            lines.append(line)
        return b"".join(lines)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


_ANSWER = build_answer()

if __name__ == "__main__":
    with _Server(("127.0.0.1", int(os.environ["PORT"])), _Connection) as server:
        server.serve_forever()
