"""Run Python scripts in their own processes, with lib/ on the path."""

import os
import subprocess
import sys
from pathlib import Path

LIB = Path(__file__).resolve().parents[2] / "lib"


def python(script, *arguments):
    """Start a script with text pipes. As a context manager it waits for the end."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(LIB)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def output(script, *arguments):
    """Return the output of a script that must succeed."""
    with python(script, *arguments) as process:
        printed, _ = process.communicate()
    assert process.returncode == 0
    return printed
