"""Python in processes of its own, with lib/ on the path: to be many, to be killed, to meet limits."""

import os
import subprocess
import sys
from pathlib import Path

LIB = Path(__file__).resolve().parents[2] / "lib"


def python(script, *arguments):
    """Start a script with pipes of text for standard input and output. As a context it waits for the end."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(LIB)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def output(script, *arguments):
    """What a script prints; it must end well."""
    with python(script, *arguments) as process:
        printed, _ = process.communicate()
    assert process.returncode == 0
    return printed
