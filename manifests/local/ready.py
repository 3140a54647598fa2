"""
Waits until `make run` is ready, prints the URL, and sleeps.

It must not exit: honcho stops all processes when one of them ends.
"""

import os
import shlex
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio
from PIL import Image, ImageDraw

TIMEOUT_S = 60.0
BUCKET = os.environ.get("CIRCLES_S3_BUCKET") or "circles"
INCOMING = os.environ.get("CIRCLES_INCOMING_PREFIX") or "incoming/"


def main() -> None:
    """Poll READY_URLS, then print a curl command that works."""
    waiting = dict(pair.split("=", 1) for pair in os.environ["READY_URLS"].split())
    deadline = time.monotonic() + TIMEOUT_S
    while waiting := {name: url for name, url in waiting.items() if not answers(url)}:
        if time.monotonic() > deadline:
            names = ", ".join(waiting)
            sys.exit(f"no answer after {TIMEOUT_S:.0f} s from: {names} (see their log lines above)")
        time.sleep(0.1)
    if os.environ.get("CIRCLES_STORE") == "s3":
        make_bucket()
    example = draw_example(Path(os.environ.get("CIRCLES_DATA_DIR") or "data") / "example.png")
    gateway = os.environ["GATEWAY_URL"]
    print(
        f"Circles is ready on {gateway} (Ctrl-C ends it). Try it, or send a photo of your own:",
        flush=True,
    )
    token = ""
    if os.environ.get("CIRCLES_ACCESS") == "tokens":
        token = '-H "Authorization: Bearer $TOKEN" '
        data = f"CIRCLES_DATA_DIR={shlex.quote(os.environ.get('CIRCLES_DATA_DIR') or 'data')}"
        command = "python -m circles.tokens create --name me --scope all"
        print(f"  TOKEN=$({data} PYTHONPATH=lib .venv/bin/{command})", flush=True)
    print(f"  curl {token}-F file=@{shlex.quote(str(example))} {gateway}/images/", flush=True)
    if os.environ.get("CIRCLES_STORE") == "s3":
        endpoint = os.environ["CIRCLES_S3_ENDPOINT"]
        print(f"  or copy it to s3://{BUCKET}/{INCOMING} at {endpoint}", flush=True)
    signal.pause()


def answers(url: str) -> bool:
    """Return whether a URL answers with 2xx."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def make_bucket() -> None:
    """Create the bucket. S3 clients may use it before the first upload."""
    endpoint = urlsplit(os.environ["CIRCLES_S3_ENDPOINT"])
    key, secret = os.environ["CIRCLES_S3_ACCESS_KEY"], os.environ["CIRCLES_S3_SECRET_KEY"]
    client = Minio(
        endpoint.netloc, access_key=key, secret_key=secret, secure=endpoint.scheme == "https"
    )
    if not client.bucket_exists(BUCKET):
        client.make_bucket(BUCKET)


def draw_example(path: Path) -> Path:
    """Draw five discs on 480 x 320 pixels, unless the file exists."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (480, 320), (208, 198, 180))
        pen = ImageDraw.Draw(picture)
        for x, y, radius, shade in (
            (90, 90, 52, 150),
            (230, 110, 40, 120),
            (360, 90, 60, 160),
            (150, 235, 46, 110),
        ):
            box = (x - radius, y - radius, x + radius, y + radius)
            pen.ellipse(box, fill=(shade, shade - 30, shade - 70), outline=(60, 45, 30), width=3)
        pen.ellipse((290, 190, 400, 300), fill=(185, 185, 190), outline=(70, 70, 75), width=3)
        picture.save(path)
    return path


if __name__ == "__main__":
    main()
