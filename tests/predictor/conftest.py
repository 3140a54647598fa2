"""Run the real predictor as a process, or a server in this process around a fake."""

import contextlib
import threading

import pytest
import uvicorn

from predictor.inference.pipeline import Inference
from predictor.server.app import create_app
from predictor.settings import Settings
from tests.predictor.asking import Client
from tests.predictor.process import Process

MAX_BODY_BYTES = 1_000_000


@pytest.fixture(scope="session")
def process():
    started = Process(PREDICTOR_MAX_BODY_BYTES=str(MAX_BODY_BYTES))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def server(process):
    client = process.client()
    yield client
    client.session.close()


@pytest.fixture
def start():
    """Return a function that starts a predictor with settings of its own."""
    with contextlib.ExitStack() as stack:

        def starter(**env):
            started = Process(**env)
            stack.callback(started.stop)
            return started

        yield starter


@pytest.fixture
def start_ready(start):
    """
    Return a function that starts a predictor and waits until it is ready.

    It returns a client, or process and client with with_process=True.
    """
    with contextlib.ExitStack() as stack:

        def starter(*, with_process=False, **env):
            process = start(**env)
            client = process.client()
            stack.callback(client.session.close)
            return (process, client) if with_process else client

        yield starter


@contextlib.contextmanager
def _serving(detector, settings, memory):
    config = uvicorn.Config(
        create_app(Inference(detector, settings), settings, memory),
        host="127.0.0.1",
        port=0,
        lifespan="off",
        log_config=None,
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.started:
            thread.join(0.01)
        yield Client(f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}")
    finally:
        running.should_exit = True
        thread.join()


@pytest.fixture
def serve():
    """Return a function that serves a fake detector in this process."""
    with contextlib.ExitStack() as stack:

        def server(detector, memory=None, **settings):
            client = stack.enter_context(_serving(detector, Settings(**settings), memory))
            stack.callback(client.session.close)
            return client

        yield server
