"""Fake event receiver: a real HTTP server that keeps its requests."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FakeSink:
    """
    Answer each POST with body and the next status. The last status repeats.

    received: (headers, body) of each request.
    """

    def __init__(self, *statuses):
        self.statuses = list(statuses) or [202]
        self.received = []
        self.body = b""
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/circles/default"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def ids(self):
        return [headers["ce-id"] for headers, _ in self.received]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self):
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with sink._lock:
                    sink.received.append(
                        ({name.lower(): value for name, value in self.headers.items()}, body)
                    )
                    status = sink.statuses.pop(0) if len(sink.statuses) > 1 else sink.statuses[0]
                self.send_response(status)
                self.send_header("Content-Length", str(len(sink.body)))
                self.end_headers()
                self.wfile.write(sink.body)

            def log_message(self, *_):
                pass

        return Handler
