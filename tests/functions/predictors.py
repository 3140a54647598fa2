"""A predictor of the tests' own: a real HTTP server whose answer is set by the test, and answers to set."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import numpy
from PIL import Image

CIRCLE = {"bbox": [10, 20, 30, 30], "centroid": [25.0, 35.0], "radius": 15.0, "score": 0.9, "label": "coin"}


class FakePredictor:
    """Answers each POST with answer(body): (status, headers, body). It keeps the requests, and can hold them still."""

    def __init__(self, answer=None):
        self.answer = answer or found(CIRCLE)
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
        """Answer nothing from now on, until let_go."""
        self.asked.clear()
        self._go_on.clear()

    def let_go(self):
        self._go_on.set()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.let_go()
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
                    self.close_connection = True  # the caller had no patience; that is what the test wants

            def do_GET(self):
                """Whether the model is ready; asking is how a predictor that sleeps is woken."""
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler


def found(*circles, **more):
    """Answer in V1's form that these circles were found."""
    return says(json.dumps({"predictions": [{"model_version": "7", "objects": list(circles), **more}]}))


def says(text, status=200, content_type="application/json", **headers):
    """Answer this text."""
    return lambda _: (status, {"Content-Type": content_type, **headers}, text.encode())


def dark_disc(body):
    """
    Find the dark disc in the picture that was sent, in the frame in which its pixels lie in the file.

    It knows nothing of EXIF, as most model servers do not. Measured over dark pixels: bbox, centre of mass, and the
    radius of a disc of that area.
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
    return found(disc, width=width, height=height)(body)
