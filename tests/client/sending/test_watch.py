"""Test circles watch."""

import hashlib
import json
import os
import signal
import socket
import sys
import time

import pytest
from PIL import Image

from circles_client.commands.watching import until_ctrl_c
from circles_client.files.quiet import QuietFiles
from tests.client.conftest import started
from tests.client.pictures import fill, picture
from tests.functions.pictures import encode


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def take(tmp_path, clock):
    """Return a function that lets time pass and returns the names that are quiet then."""
    files = QuietFiles(tmp_path, recursive=True, quiet_s=5, clock=clock)

    def after(seconds):
        clock.now_s += seconds
        return [found.path.name for found in files.take()]

    after.files = files
    return after


def test_file_is_taken_once_when_it_is_quiet(take, tmp_path):
    fill(tmp_path / "sub", 1)

    assert [take(0), take(4), take(1), take(9), take(9)] == [[], [], ["0000.png"], [], []]


def test_growing_file_is_not_taken(take, tmp_path):
    path = tmp_path / "a.png"
    data = picture(1)
    taken = []
    for end in range(0, len(data), 100):
        path.write_bytes(data[:end])
        taken += take(4)
    path.write_bytes(data)

    assert taken == take(4) == []
    assert take(5) == ["a.png"]


def test_changed_and_returned_files_are_taken_again(take, tmp_path):
    [path] = fill(tmp_path, 1)
    take(0)
    assert take(5) == ["0000.png"]
    take.files.give_back(path)
    assert take(0) == ["0000.png"]
    path.write_bytes(picture(2))
    assert [take(0), take(5), take(5)] == [[], ["0000.png"], []]
    os.utime(path, ns=(0, 0))
    path.unlink()
    assert [take(0), take(5)] == [[], []]


@pytest.mark.timeout(240)
def test_watch_sends_what_comes_and_ends_by_ctrl_c(site, client, tmp_path):
    fill(tmp_path, 2)
    (tmp_path / "bad.png").write_text("no picture")
    with started(site.url, "watch", tmp_path, "--quiet", "0.2", "--json") as process:
        first = [json.loads(process.stdout.readline()) for _ in range(3)]
        fill(tmp_path, 1, start=2)
        later = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)

    assert sorted(each["state"] for each in first) == ["failed", "uploaded", "uploaded"]
    assert later["path"] == str(tmp_path / "0002.png")
    assert rest == ""
    assert "Traceback" not in errors
    assert process.returncode == 1  # one of them failed
    assert site.count("POST", "/images/") == 4
    assert len(list(client.images())) == 3


@pytest.fixture
def interruptible():
    """Let Ctrl-C interrupt, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_within_a_finalizer_ends_the_loop(interruptible, monkeypatch):
    ignored = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: ignored.append(found.exc_type))

    class Ended:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    with until_ctrl_c() as stopped:
        ended = Ended()
        del ended
        assert ignored == [KeyboardInterrupt]
        assert stopped.is_set()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_ends_the_loop(interruptible):
    with until_ctrl_c() as stopped:
        signal.raise_signal(signal.SIGINT)
    assert stopped.is_set()


@pytest.mark.timeout(240)
def test_watch_waits_for_a_server_that_is_away(tmp_path):
    fill(tmp_path, 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with started(f"http://127.0.0.1:{port}", "watch", tmp_path, "--quiet", "0.1") as process:
        told = [process.stderr.readline() for _ in range(2)]
        with socket.create_server(("127.0.0.1", port)) as server:
            server.settimeout(60)
            connection, _ = server.accept()
            connection.close()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert told[1].endswith("cannot be reached: Connection refused. Files wait.\n")
    assert process.returncode in (0, 130)


@pytest.mark.timeout(240)
def test_large_file_is_sent_whole_while_it_is_copied(site, client, tmp_path):
    """Check 7 of a user: 30 MB arrive slowly."""
    data = encode(Image.effect_noise((3200, 3150), 40).convert("RGB"), "BMP")
    piece = len(data) // 25
    with started(site.url, "watch", tmp_path, "--quiet", "2", "--json") as process:
        with (tmp_path / "scan.bmp").open("wb") as file:
            for begin in range(0, len(data), piece):
                file.write(data[begin : begin + piece])
                file.flush()
                time.sleep(0.1)
        sent = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert len(data) > 30_000_000
    assert sent["state"] == "uploaded"
    [image] = client.images()
    assert image["sha256"] == hashlib.sha256(data).hexdigest()
    assert site.count("POST", "/images/") == 1
