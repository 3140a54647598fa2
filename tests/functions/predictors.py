"""Fake predictor: a real HTTP server whose answer a test sets."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import numpy
from PIL import Image

CIRCLE = {
    "bbox": [10, 20, 30, 30],
    "centroid": [25.0, 35.0],
    "radius": 15.0,
    "score": 0.9,
    "label": "coin",
}


class FakePredictor:
    """
    Answer each POST with answer(body): (status, headers, body).

    It keeps the requests and can hold them back.
    """

    def __init__(self, answer=None):
        self.answer = answer or answer_objects(CIRCLE)
        self.requests = []
        self.asked = threading.Event()
        self._go_on = threading.Event()
        self._go_on.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.block_on_close = True
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def hold(self):
        """Hold back all answers until release."""
        self.asked.clear()
        self._go_on.clear()

    def release(self):
        self._go_on.set()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self):
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fake.requests.append((self.path, dict(self.headers), body))
                fake.asked.set()
                fake._go_on.wait(30)
                status, headers, answer = fake.answer(body)
                try:
                    self.send_response(status)
                    for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client timed out, as the test wants

            def do_GET(self):
                """Answer the readiness request that wakes a predictor."""
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler


def answer_objects(*circles, **more):
    """Return a V1 answer with these objects."""
    return answer_text(
        json.dumps({"predictions": [{"model_version": "7", "objects": list(circles), **more}]})
    )


def answer_text(text, status=200, content_type="application/json", **headers):
    """Return an answer with this text."""
    return lambda _: (status, {"Content-Type": content_type, **headers}, text.encode())


def dark_disc(body):
    """
    Answer with the dark disc, in the frame of stored pixels.

    It ignores EXIF, as most model servers do. Measured over dark pixels: bbox, centre of mass, and
    the radius of a disc of that area (px).
    """
    sent = json.loads(body)["instances"][0]["image_bytes"]["b64"]
    with Image.open(BytesIO(base64.b64decode(sent))) as picture:
        dark = numpy.asarray(picture.convert("L")) < 100
    y, x = numpy.nonzero(dark)
    left, top, right, bottom = x.min(), y.min(), x.max() + 1, y.max() + 1
    disc = {
        "bbox": [int(left), int(top), int(right - left), int(bottom - top)],
        "centroid": [float(x.mean() + 0.5), float(y.mean() + 0.5)],
        "radius": float((len(x) / numpy.pi) ** 0.5),
        "score": 1.0,
        "label": "disc",
    }
    height, width = dark.shape
    return answer_objects(disc, width=width, height=height)(body)
