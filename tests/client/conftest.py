"""A whole server in this process, and the command line beside it."""

import contextlib
import json
import subprocess
import sys
import threading

import pytest
from click.testing import CliRunner
from werkzeug.serving import WSGIRequestHandler, make_server

from circles_client import Client
from circles_client.commands.main import circles as group
from tests.functions.conftest import ROOT, framework, load, log, volume  # noqa: F401
from tests.functions.predictors import FakePredictor
from tests.openapi import operation_tags
from tests.system.processes import environment


class Site:
    """
    All functions that clients call, behind one address.

    requests: method and path of each, as they came. refuse: a WSGI application that answers
    instead of the functions, or None.
    """

    def __init__(self, loader):
        self._load, self._functions = loader, {}
        self.requests, self.refuse = [], None

        class Silent(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"

            def log(self, *_):
                pass

        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=Silent
        )
        self._server.daemon_threads = True  # a client may keep its connection
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    def add(self, *functions, **settings):
        """Load functions. Settings name the variables CIRCLES_<NAME>."""
        for name in functions:
            self._functions[name] = self._load(name, checked=False, **settings).application

    def count(self, method, path):
        """Return how many requests a route got."""
        return sum(each == (method, path) for each in self.requests)

    def _answer(self, environ, start_response):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append((method, path))
        if self.refuse is not None:
            return self.refuse(environ, start_response)
        tags = operation_tags(method, path) or ("list",)
        return self._functions[next(iter(tags))](environ, start_response)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def predictor():
    with FakePredictor() as running:
        yield running


@pytest.fixture
def site(load, predictor):  # noqa: F811
    """Yield a server with upload, list and detail, and a predictor whose answer a test sets."""
    with Site(load) as running:
        running.add(
            "upload", "list", "detail", detector="kserve", predictor_url=predictor.url,
            repair_after_s=1,
        )  # fmt: skip
        yield running


@pytest.fixture
def client(site):
    with Client(site.url, retries=1) as each:
        yield each


@pytest.fixture
def run(site, monkeypatch):
    """Return a function that runs a command in this process: exit code, stdout and stderr."""
    monkeypatch.setenv("CIRCLES_URL", site.url)

    def command(*arguments, **options):
        done = CliRunner().invoke(group, [*map(str, arguments)], prog_name="circles", **options)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return command


def documents(done):
    """Return the documents that a command printed."""
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def started(url, *arguments, **options):
    """Start the command line as a process, and kill it at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "circles_client", *map(str, arguments)],
        env=environment(PYTHONPATH=str(ROOT / "lib"), CIRCLES_URL=url),
        stdin=subprocess.DEVNULL,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
    )
    try:
        with process:
            try:
                yield process
            finally:
                process.kill()
    finally:
        process.wait()
