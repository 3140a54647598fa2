"""Start S3 servers and find free ports."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[1]
CREDENTIALS = ROOT / "manifests/local/s3.json"


@dataclass(frozen=True)
class S3Server:
    """URL and credentials of an S3 server. checks_credentials: whether it refuses others."""

    url: str
    access_key: str
    secret_key: str
    checks_credentials: bool

    @property
    def settings(self):
        """Our settings for this server, without those of a bucket."""
        return {
            "store": "s3",
            "s3_endpoint": self.url,
            "s3_access_key": self.access_key,
            "s3_secret_key": self.secret_key,
        }

    def boto3_client(self):
        """Return a second S3 client, independent of our adapter. The caller closes it."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )


def free_ports(count):
    """Return free ports, for servers that cannot bind port 0."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def seaweedfs(folder, **environment):
    """Run SeaweedFS's S3 server on folder, with the credentials and flags of manifests/local."""
    master, volume, filer, s3, *grpc = free_ports(8)
    command = [
        Path(sys.executable).with_name("weed"),
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        f"-master.port={master}",
        f"-volume.port={volume}",
        "-volume.max=200",  # each bucket needs a few volumes
        "-master.volumeSizeLimitMB=64",
        "-master.telemetry=false",
        "-filer",
        f"-filer.port={filer}",
        "-s3",
        f"-s3.port={s3}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={CREDENTIALS}",
        # otherwise each is 10,000 above the HTTP port, which may not exist
        *(
            f"-{name}.port.grpc={port}"
            for name, port in zip(("master", "volume", "filer", "s3"), grpc, strict=True)
        ),
    ]
    with open(Path(folder) / "weed.log", "w+") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **environment},
        )
        try:
            known = json.loads(CREDENTIALS.read_text())["identities"][0]["credentials"][0]
            server = S3Server(
                f"http://127.0.0.1:{s3}", known["accessKey"], known["secretKey"], True
            )
            _wait_until_it_writes(server, process, log)
            yield server
        finally:
            process.kill()  # a clean stop takes 15 s, and the folder is not read again
            process.wait()


@contextmanager
def moto():
    """Run moto's server in a thread of this process. It accepts any credentials."""
    from moto.server import DomainDispatcherApplication, create_backend_app  # slow to import
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        def log(self, *_):
            pass

    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield S3Server(f"http://127.0.0.1:{server.server_port}", "anybody", "anything", False)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _wait_until_it_writes(server, process, log, timeout_s=60):
    """Wait until an object can be stored. The port opens before a volume can be written."""
    client = server.boto3_client()
    deadline = time.monotonic() + timeout_s
    try:
        while True:
            try:
                urllib.request.urlopen(f"{server.url}/status", timeout=2).close()
                client.create_bucket(Bucket="ready")
                client.put_object(Bucket="ready", Key="ready", Body=b"ready")
                return
            except (
                Exception
            ) as error:  # connection refused, 404 while it starts, 500 until a volume is ready
                if isinstance(error, urllib.error.HTTPError):
                    error.close()
                log.seek(0)
                assert process.poll() is None, f"weed has ended:\n{log.read()}"
                assert time.monotonic() < deadline, (
                    f"weed does not get ready ({error}):\n{log.read()}"
                )
                time.sleep(0.1)
    finally:
        client.close()
