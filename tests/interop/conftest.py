"""
Test our client and our predictor against the real KServe SDK.

This is not part of make test. make test-interop runs:

    python -m venv .venv-interop
    .venv-interop/bin/pip install -r tests/interop/requirements.txt
    .venv-interop/bin/python -m pytest --confcutdir tests/interop tests/interop/test_*.py

--confcutdir leaves out tests/conftest.py, whose S3 servers need packages that are not there.
"""

import importlib.util
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

if importlib.util.find_spec("kserve") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    from tests.predictor.process import Process

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def predictor_url():
    """Run our predictor as a process."""
    process = Process()
    client = process.client()
    yield client.url
    client.session.close()
    process.stop()


@pytest.fixture(scope="session")
def kserve_url():
    """Run a model on the KServe SDK, see kserve_model.py."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "tests.interop.kserve_model",
        f"--http_port={port}",
        "--enable_grpc=false",
    ]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        _wait_until_open(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def _wait_until_open(server, port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "the KServe server ended at its start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise AssertionError("the KServe server did not open its port")
