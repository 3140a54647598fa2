"""Run the fuzzer for a fixed number of files; `python -m tests.fuzz --minutes 20` runs longer."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.__main__ import draw
from tests.fuzz.mutations import draw_seeds

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
def test_damaged_files_are_read_alike_or_refused_alike():
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--count", "3000", "--minutes", "4", "--rare", "200"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "lib"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert int(re.match(r"([\d,]+) files", done.stdout)[1].replace(",", "")) == 3000


def test_a_number_draws_the_same_file_again():
    seeds = draw_seeds()
    first, again = ([draw(seeds, 7, number, 10) for number in range(30)] for _ in range(2))

    assert first == again
    assert len({data for _, data in first}) > 20
