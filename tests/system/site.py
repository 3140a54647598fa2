"""
Start the processes behind the bucket one by one.

`make run` ends when any of its processes ends.
"""

import contextlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from tests import servers
from tests.functions.sinks import FakeSink
from tests.system.processes import Function, Process, answers

TOKEN = "site-token"


class Predictor(Process):
    """The real predictor."""

    def __init__(self, log, port):
        super().__init__(
            [sys.executable, "-m", "predictor"],
            log,
            PREDICTOR_PORT=str(port),
            PREDICTOR_HOST="127.0.0.1",
            PYTHONPATH="lib",
        )
        self.url = f"http://127.0.0.1:{port}"

    def wait_until_ready(self):
        self.wait_for(
            lambda: answers(f"{self.url}/v2/health/ready", anything=True),
            "the predictor to be ready",
        )
        return self


def stand_in(name, folder, **environment):
    """Start a program of manifests/local/."""
    texts = {variable: str(value) for variable, value in environment.items()}
    return Process(
        [sys.executable, f"manifests/local/{name}.py"],
        folder / f"{name}.log",
        PYTHONUNBUFFERED="1",
        **texts,
    )


class Doubling:
    """Forward every event twice, as at-least-once delivery allows."""

    def __init__(self, url):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(url))
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self, url):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept = {
                    name: text
                    for name, text in self.headers.items()
                    if name.lower().startswith(("ce-", "content-t"))
                }
                statuses = {
                    requests.post(url, data=body, headers=kept, timeout=30).status_code
                    for _ in range(2)
                }
                self.send_response(max(statuses))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler


class Site(contextlib.ExitStack):
    """
    All processes and a receiver of our events.

    SeaweedFS → bridge → doubling → broker stand-in → ingest; ticker → repair.
    """

    def __init__(self, folder, **settings):
        super().__init__()
        self.folder = folder
        self.settings = {
            "data_dir": folder / "data",
            "store": "s3",
            "s3_bucket": "circles",
            "predictor_timeout_s": 3,
            "busy_timeout_s": 4,
            "repair_after_s": 1,
            **settings,
        }

    def __enter__(self):
        super().__enter__()
        (self.folder / "data").mkdir()
        (self.folder / "weed").mkdir()
        bridge, broker, self._ingest_port, self._repair_port, self._predictor_port = (
            servers.free_ports(5)
        )
        self.receiver = self.enter_context(FakeSink())
        self.s3 = self.enter_context(
            servers.seaweedfs(self.folder / "weed", **self._webhook(bridge))
        )
        self.settings |= {
            "s3_endpoint": self.s3.url,
            "s3_access_key": self.s3.access_key,
            "s3_secret_key": self.s3.secret_key,
            "bridge_token": TOKEN,
            "predictor_url": f"http://127.0.0.1:{self._predictor_port}",
        }
        self._sink = f"http://127.0.0.1:{broker}/"
        self._stand_in(
            "loopback_broker", BROKER_PORT=broker, BROKER_TRIGGERS=self._triggers()
        ).wait_for_line("listening on")
        doubling = self.enter_context(Doubling(self._sink))
        self.bridge = self._function("bridge", port=bridge, K_SINK=doubling.url)
        self.list = self._function("list")
        self.predictor = self.start_predictor()
        self.ingest = self.start_ingest()
        self.repair = self._function("repair", port=self._repair_port, K_SINK=self._sink)
        self._stand_in("ticker", K_SINK=self._sink, TICK_S="1")
        return self

    def start_ingest(self):
        """Start ingest, also again after a kill, at the same address."""
        self.ingest = self._function("ingest", port=self._ingest_port, K_SINK=self._sink)
        return self.ingest

    def start_predictor(self):
        self.predictor = Predictor(self.folder / "predictor.log", self._predictor_port)
        self.callback(self.predictor.stop)
        return self.predictor.wait_until_ready()

    def _function(self, name, port=None, **environment):
        process = Function(
            name, self.folder / f"{name}.log", port=port, environment=environment, **self.settings
        )
        self.callback(process.stop)
        return process.wait_until_ready()

    def _stand_in(self, name, **environment):
        process = stand_in(name, self.folder, **environment)
        self.callback(process.stop)
        return process

    def _triggers(self):
        wanted = {
            "com.amazonaws.s3.ObjectCreated:": f"http://127.0.0.1:{self._ingest_port}/",
            "dev.knative.sources.ping": f"http://127.0.0.1:{self._repair_port}/",
            "dev.circles.": self.receiver.url,
        }
        return " ".join(f"{prefix}={url}" for prefix, url in wanted.items())

    def _webhook(self, port):
        webhook = {
            "enabled": "true",
            "endpoint": f"http://127.0.0.1:{port}/",
            "bearer_token": TOKEN,
            "path_prefixes": "/buckets/circles/incoming/",
            "max_retries": "10",
            "backoff_seconds": "1",
        }
        return {f"WEED_NOTIFICATION_WEBHOOK_{name.upper()}": text for name, text in webhook.items()}
