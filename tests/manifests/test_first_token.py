"""Test how a cluster gets its first token."""

import json
import os
import re
import subprocess
import sys

from tests.manifests.conftest import render
from tests.manifests.reading import ROOT, container, of_kind
from tests.manifests.test_deploy import KIND, LOG_KUBECTL, containers, run, tools  # noqa: F401


def create(env):
    return run("first_token", "circles", env={**env, "PYTHONPATH": str(ROOT / "lib")})


def test_first_token_is_created_once(tools, tmp_path):  # noqa: F811
    absent = LOG_KUBECTL + 'case "$*" in *"get secret"*) exit 1 ;; *create*) cat >> $LOG ;; esac'

    done = create(tools("kubectl", absent))

    log = (tmp_path / "kubectl.log").read_text()
    secret = json.loads(log[log.index("{") :])
    assert done.returncode == 0, done.stderr
    assert re.fullmatch("crc_[0-9a-f]{16}_[0-9a-f]{64}", secret["stringData"]["token"])
    assert (secret["metadata"]["name"], secret["kind"]) == ("circles-admin", "Secret")
    assert secret["stringData"]["token"] not in done.stdout + done.stderr
    assert secret["stringData"]["token"] not in log[: log.index("{")]


def test_first_token_that_exists_is_kept(tools, tmp_path):  # noqa: F811
    done = create(tools("kubectl", LOG_KUBECTL))

    assert (done.returncode, done.stdout) == (0, "")
    assert "create" not in (tmp_path / "kubectl.log").read_text()


def test_first_token_that_cannot_be_created_is_told(tools):  # noqa: F811
    done = create(tools("kubectl", 'case "$*" in *secret*|*-f*) exit 1 ;; esac'))

    assert done.returncode == 1
    assert "circles-admin cannot be created" in done.stderr


def test_upgrade_of_an_open_installation_is_told(tools, kind_file):  # noqa: F811
    images = [part["image"] for each in render("kind") for part in containers(each)]
    nodes = json.dumps({"items": [{"status": {"images": [{"names": images}]}}]})
    absent = '*"get secret circles-admin"*) exit 1'
    kubectl = f"case \"$*\" in {absent} ;; *nodes*) echo '{nodes}' ;; esac"
    done = run("preflight", kind_file, KIND, env=tools("kubectl", kubectl))

    [line] = [line for line in done.stderr.splitlines() if "every client for a token" in line]
    assert done.returncode == 1
    assert "make first-token" in line


def store(command, folder):
    """Run a Job's command on an empty catalogue. Returns what it prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "lib"), "CIRCLES_DATA_DIR": str(folder)}
    command = [sys.executable, *command[1:]]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    return done.stdout.strip() or done.stderr


def test_job_stores_the_first_token(documents, tmp_path):
    job = of_kind(documents, "Job", "batch")["first-token"]
    part = container(job)
    [secret] = [v["secret"] for v in job["spec"]["template"]["spec"]["volumes"] if "secret" in v]
    token = tmp_path / "token"
    token.write_text("crc_" + "0" * 16 + "_" + "1" * 64 + "\n")

    command = [str(token) if each == "/admin/token" else each for each in part["command"]]
    told = [store(command, tmp_path) for _ in range(2)]

    assert secret == {"secretName": "circles-admin"}
    assert told == ["stored", "known already"]


def test_job_ends_the_token_of_an_earlier_secret(documents, tmp_path):
    [command] = [container(job)["command"] for job in of_kind(documents, "Job", "batch").values()
                 if "circles.tokens" in container(job)["command"]]  # fmt: skip
    token = tmp_path / "token"
    command = [str(token) if each == "/admin/token" else each for each in command]
    other = ["python", "-m", "circles.tokens", "create", "--name", "anna", "--scope", "all"]
    store(other, tmp_path)
    for digit in "123":
        token.write_text(f"crc_{digit * 16}_{digit * 64}")
        assert store(command, tmp_path) == "stored"
        assert store(command, tmp_path) == "known already"

    rows = [line.split()[:2] for line in store([*other[:3], "list"], tmp_path).splitlines()]

    assert sorted(state for _, state in rows) == ["revoked", "revoked", "valid", "valid"]
    assert ["3" * 16, "valid"] in rows
