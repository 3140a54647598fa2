"""Test what pip install gives: the command line, and nothing of the server."""

import email
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile

import pytest

from tests.functions.conftest import ROOT

NEEDED = {"click", "requests", "urllib3"}
BROUGHT = {"certifi", "charset-normalizer", "idna"}
"""What requests itself requires."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps",
         "--no-build-isolation", "-w", folder, ROOT], check=True,
    )  # fmt: skip
    [file] = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def environment_of_wheel(wheel, tmp_path_factory):
    """Return an empty environment with the wheel and copies of what it needs, without a network."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", folder, "install", "-q", "--no-deps",
         "--disable-pip-version-check", wheel], check=True,
    )  # fmt: skip
    for name in NEEDED | BROUGHT:
        for file in importlib.metadata.files(name):
            if ".." not in file.parts and file.suffix != ".pyc":
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), packages / file)
    return folder


def test_wheel_holds_the_client_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [name for name in names if name.endswith(".dist-info/METADATA")]
        told = email.message_from_bytes(archive.read(metadata))
        [scripts] = [name for name in names if name.endswith("entry_points.txt")]
        assert "circles = circles_client.commands.main:main" in archive.read(scripts).decode()

    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"circles_client"}
    required = {re.match(r"[\w.-]+", each)[0] for each in told.get_all("Requires-Dist")}
    assert required == NEEDED
    assert told["Name"] == "circles"


def test_installed_command_runs_without_the_server(environment_of_wheel, tmp_path):
    def run(*command):
        place = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            command, cwd=tmp_path, env=place, capture_output=True, text=True, timeout=60
        )

    command = environment_of_wheel / "bin/circles"
    version = re.search(r'^version = "(.+?)"', (ROOT / "pyproject.toml").read_text(), re.M)[1]
    assert run(command, "--version").stdout == f"circles {version}\n"
    told = run(command, "--help").stdout
    assert "upload" in told and "CIRCLES_URL" in told
    python = environment_of_wheel / "bin/python"
    done = run(python, "-c", "import circles_client; circles_client.Client('http://a').close()")
    assert done.returncode == 0, done.stderr
    assert run(python, "-c", "import flask").returncode == 1
    assert run(python, "-c", "import circles").returncode == 1


def test_help_imports_no_http_client():
    code = (
        "import sys; from circles_client.commands.main import circles; "
        "circles.main(['--help'], 'circles', standalone_mode=False); "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "lib")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "click.core" in done.stderr.split()
    assert not {"requests", "urllib3", "ssl", "csv", "concurrent.futures"} & set(
        done.stderr.split()
    )
