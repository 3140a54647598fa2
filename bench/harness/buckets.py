"""Put objects into a store directly: a folder, or SeaweedFS as in `make run STORE=s3`."""

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from minio import Minio

from bench.harness.processes import ROOT, Program, run_program

CREDENTIALS = ROOT / "manifests" / "local" / "s3.json"
START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Bucket:
    """A store. name is its name in events, env the settings with which a function reaches it."""

    name: str
    env: Mapping[str, str]
    put: Callable[[str, bytes], None]


@contextmanager
def open_folder_bucket(folder: Path) -> Iterator[Bucket]:
    """Give the folder of the folder store."""
    data_dir = folder / "circles-folder"

    def put(key: str, data: bytes) -> None:
        path = data_dir / "blobs" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    yield Bucket("blobs", {"CIRCLES_DATA_DIR": str(data_dir)}, put)


@contextmanager
def run_seaweedfs(folder: Path) -> Iterator[Bucket]:
    """Run a SeaweedFS server until the with block ends, and give a bucket of it."""
    known = json.loads(CREDENTIALS.read_text())["identities"][0]["credentials"][0]
    (folder / "weed").mkdir()
    master, volume, filer, s3, *grpc = _find_free_ports(8)
    ports = {"master": master, "volume": volume, "filer": filer, "s3": s3}
    command = [
        str(Path(sys.executable).with_name("weed")),
        "server",
        f"-dir={folder / 'weed'}",
        "-ip=127.0.0.1",
        "-filer",
        "-s3",
        "-volume.max=20",
        "-master.volumeSizeLimitMB=256",
        "-master.telemetry=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={CREDENTIALS}",
        *(f"-{name}.port={port}" for name, port in ports.items()),
        *(f"-{name}.port.grpc={port}" for name, port in zip(ports, grpc, strict=True)),
    ]
    client = Minio(
        f"127.0.0.1:{s3}",
        access_key=known["accessKey"],
        secret_key=known["secretKey"],
        secure=False,
    )

    def put(key: str, data: bytes) -> None:
        client.put_object("circles", key, BytesIO(data), len(data), content_type="image/jpeg")

    env = {
        "CIRCLES_DATA_DIR": str(folder / "circles-s3"),
        "CIRCLES_STORE": "s3",
        "CIRCLES_S3_ENDPOINT": f"http://127.0.0.1:{s3}",
        "CIRCLES_S3_ACCESS_KEY": known["accessKey"],
        "CIRCLES_S3_SECRET_KEY": known["secretKey"],
    }
    with run_program(Program("weed", tuple(command)), folder):
        _wait_until_writable(client, put)
        yield Bucket("circles", env, put)


def _wait_until_writable(client: Minio, put: Callable[[str, bytes], None]) -> None:
    """Wait until an object can be written. The S3 port opens earlier than that."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            if not client.bucket_exists("circles"):
                client.make_bucket("circles")
            return put("ready", b"ready")
        except Exception:  # refused, 404, 500: all of them while it starts
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _find_free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
