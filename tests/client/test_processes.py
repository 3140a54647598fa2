"""Test the command line as a process: interruption, closed pipes, terminals."""

import json
import os
import pty
import signal
import subprocess

import pytest

from tests.client.conftest import started
from tests.client.pictures import fill

COUNT = 60


def test_interrupted_upload_goes_on_where_it_was(site, client, predictor, run, tmp_path):
    """Check 7 of a user: Ctrl-C half-way."""
    fill(tmp_path, COUNT)
    with started(site.url, "upload", tmp_path, "--json") as process:
        lines = [process.stdout.readline() for _ in range(COUNT // 3)]
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    sent = len(lines) + len(rest.splitlines())
    stored = len(list(client.images()))

    assert process.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert COUNT // 3 <= sent <= stored < COUNT
    again = run("upload", tmp_path, "--json")
    assert again.exit_code == 0
    assert len({image["sha256"] for image in client.images()}) == COUNT
    assert len(list(client.images())) == COUNT
    assert site.count("POST", "/images/") <= COUNT + 4  # what was on the way is sent again


def test_killed_upload_goes_on_too(site, client, run, tmp_path):
    fill(tmp_path, COUNT)
    with started(site.url, "upload", tmp_path, "--json") as process:
        for _ in range(COUNT // 3):
            process.stdout.readline()
        process.kill()
        process.communicate(timeout=60)

    assert run("upload", tmp_path).exit_code == 0
    assert len(list(client.images())) == COUNT


def test_closed_stdout_ends_without_a_stack(site, run, tmp_path):
    fill(tmp_path, 3)
    run("upload", tmp_path)
    reader, writer = os.pipe()
    os.close(reader)
    with started(site.url, "list", stdout=writer) as process:
        os.close(writer)
        _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert errors == ""


def read_terminal(process, master):
    """Return what a process wrote on its terminal."""
    text = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux: the process has ended
            break
        if not piece:
            break
        text += piece
    process.wait(60)
    return text.decode()


@pytest.mark.parametrize("has_terminal", [True, False])
def test_progress_is_for_terminals(site, tmp_path, has_terminal):
    fill(tmp_path, 3)
    master, slave = pty.openpty()
    try:
        errors = slave if has_terminal else subprocess.PIPE
        with started(site.url, "upload", tmp_path, "--json", stderr=errors) as process:
            os.close(slave)
            slave = None
            out = process.stdout.read()
            shown = read_terminal(process, master) if has_terminal else process.stderr.read()
    finally:
        os.close(master)

    assert len([json.loads(line) for line in out.splitlines()]) == 3
    assert ("3 of 3 done" in shown) == has_terminal
    assert "3 files: 3 uploaded." in shown


def test_name_that_the_terminal_cannot_show(site, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    [path] = fill(tmp_path, 1)
    named = path.rename(tmp_path / "\u65e5.png")
    with started(site.url, "upload", named) as process:
        out, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (0, "1 file: 1 uploaded.\n")
    assert "\\u65e5.png" in out
