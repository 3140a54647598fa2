"""
A predictor that does not look: it reads the request to its end and answers at once what the bench's picture holds.

So an upload's time is the function's own, and the sending of the body.
`python -m bench.harness.instant_predictor` (PORT).
"""

import json
import os
import re
import socketserver

from bench.harness.pictures import HEIGHT, WIDTH, discs

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


def answer() -> bytes:
    """The whole HTTP answer: V1 JSON as the project's own predictor writes it, 24 objects."""
    objects = [
        {
            "bbox": [x - radius, y - radius, 2 * radius + 1, 2 * radius + 1],
            "centroid": [x + 0.5, y + 0.5],
            "radius": radius + 0.5,
            "score": 0.9,
            "label": "circle",
        }
        for x, y, radius in discs()
    ]
    instance = {"model_version": "instant", "width": WIDTH, "height": HEIGHT, "objects": objects}
    body = json.dumps({"predictions": [instance]}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while head := self._head():
            length = _LENGTH.search(head)
            self.rfile.read(int(length[1]) if length else 0)
            self.wfile.write(_ANSWER)

    def _head(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            lines.append(line)
        return b"".join(lines)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


_ANSWER = answer()

if __name__ == "__main__":
    with _Server(("127.0.0.1", int(os.environ["PORT"])), _Connection) as server:
        server.serve_forever()
