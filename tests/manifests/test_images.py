"""What the images install is locked with hashes."""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.manifests.reading import FUNCTIONS, ROOT

DIRECT = [
    "requirements.txt",
    "predictor/requirements.txt",
    "manifests/local/requirements.txt",
    "console/requirements.txt",
]
DOCKERFILES = {
    "Dockerfile": ["requirements.lock", "console/requirements.lock"],
    "predictor/Dockerfile": ["predictor/requirements.lock"],
}


def locked(path):
    """Return version and number of hashes of each locked distribution."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / path).read_text(), flags=re.M)
    found = {}
    for entry in re.sub(r"\\\n", " ", text).splitlines():
        name, version = re.match(r"([\w.-]+)==(\S+)", entry).groups()
        found[canonicalize_name(name)] = (version, entry.count("--hash=sha256:"))
    return found


def direct(path):
    """Yield the requirements of a requirements.txt."""
    for line in (ROOT / path).read_text().splitlines():
        if line := line.partition("#")[0].strip():
            yield Requirement(line)


def closure(names):
    """Return the names of all distributions that these need here, transitively."""
    found, waiting = set(), [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            needed = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:  # not for this platform
            continue
        wanted = [each for each in needed if not each.marker or each.marker.evaluate({"extra": ""})]
        waiting += [canonicalize_name(each.name) for each in wanted]
    return found


@pytest.mark.parametrize("path", DIRECT)
def test_lock_has_what_is_required_directly(path):
    lock = locked(path.replace(".txt", ".lock"))

    for requirement in direct(path):
        assert str(requirement.specifier) == f"=={lock[canonicalize_name(requirement.name)][0]}"


@pytest.mark.parametrize("path", DIRECT)
def test_lock_has_every_transitive_requirement(path):
    lock = locked(path.replace(".txt", ".lock"))

    missing = closure(requirement.name for requirement in direct(path)) - set(lock)

    assert missing == set()
    assert all(hashes for _, hashes in lock.values())


def test_locks_agree_on_what_they_share():
    versions = {}
    for path in DIRECT:
        for name, (version, _) in locked(path.replace(".txt", ".lock")).items():
            assert versions.setdefault(name, version) == version, name


@pytest.mark.parametrize("path", DOCKERFILES)
def test_image_installs_locked_distributions_only(path):
    commands = re.sub(r"\\\n", " ", (ROOT / path).read_text())
    installs = re.findall(r"pip install (.*?)(?: &&|$)", commands, re.M)

    assert len(installs) == len(DOCKERFILES[path])
    for options in installs:
        assert options.split()[-3:] == ["--require-hashes", "-r", "requirements.lock"]
    for lock in DOCKERFILES[path]:
        assert f"COPY {lock} ." in commands
    assert "apk add" not in commands and "apt-get" not in commands


def test_predictor_image_compares_the_model_checksum():
    text = (ROOT / "predictor/Dockerfile").read_text()

    assert "sha256sum -c circles.onnx.sha256" in text
    assert text.index("COPY predictor predictor") < text.index("sha256sum -c")


def test_workflow_actions_are_pinned_by_commit():
    workflows = list((ROOT / ".github/workflows").glob("*.yml"))

    used = [use for path in workflows for use in re.findall(r"uses: (.*)", path.read_text())]
    assert used
    assert [use for use in used if not re.search(r"@[0-9a-f]{40} # v\d", use)] == []


BLOCKED = """
import sys
sys.modules.update(dict.fromkeys(sys.argv[2:]))
import functions_framework
import circles.serve.__main__
name, target = sys.argv[1].split("=")
functions_framework.create_app(target, f"functions/{name}/main.py", "http")
"""
MODULES = {"uvicorn-worker": "uvicorn_worker"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_starts_without_what_its_image_drops(function):
    text = (ROOT / "Dockerfile").read_text()
    dropped = re.search(r"pip uninstall -q -y (.*?) \\", text)[1].split()
    source = (ROOT / f"functions/{function}/main.py").read_text()
    target = re.search(r"^@functions_framework\.\w+\ndef (\w+)\(", source, re.M)[1]
    modules = [MODULES.get(name, name) for name in dropped if name not in ("pip", "setuptools")]

    assert {"gunicorn", "uvicorn", "starlette", "watchdog"} <= set(modules)
    command = [sys.executable, "-c", BLOCKED, f"{function}={target}", *modules]
    environment = {"PYTHONPATH": "lib", "CIRCLES_BRIDGE_TOKEN": "t", "K_SINK": "http://127.0.0.1:9"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
