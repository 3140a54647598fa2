"""
Feed damaged pictures to both readers: python -m tests.fuzz [--count N] [--minutes M] [--seed S].

Both refuse with words, or both read the same size. Anything else, also a peak of memory, ends it
with the number of the file, which draws it again, and status 1. HEIC and AVIF, each in a process of
its own, come once in --rare files.
"""

import argparse
import os
import resource
import sys
import time
from collections import Counter
from random import Random

from circles.adapters.pillow.pictures import PillowPictures
from circles.adapters.pillow.reading import Reading
from circles.domain.errors import CirclesError
from predictor.errors import Refusal
from predictor.inference.pictures import open_source, read_pixels
from tests.fuzz.mutations import draw_seeds, mutate

MAX_PIXELS = 2_000_000
MOST_GROWN_KIB = 300 * 1024
MOST_CPU_S = 10.0
_RARE = ("heic", "avif")


class Disagreement(Exception):
    """The readers do not agree, or one of them took too much."""


def main() -> int:
    arguments = _arguments()
    seeds = draw_seeds()
    function = PillowPictures(Reading(max_pixels=MAX_PIXELS))
    outcomes: Counter[str] = Counter()
    ends_at = time.monotonic() + arguments.minutes * 60
    number, started_kib = arguments.start, _peak_kib()
    while number < arguments.start + arguments.count and time.monotonic() < ends_at:
        name, data = draw(seeds, arguments.seed, number, arguments.rare)
        try:
            outcomes[compare(function, data)] += 1
            if _peak_kib() - started_kib > MOST_GROWN_KIB:
                raise Disagreement(f"{(_peak_kib() - started_kib) // 1024} MiB of memory")
        except Exception as error:
            print(f"file {number}, from {name}: {type(error).__name__}: {error}")
            return 1
        number += 1
    print(f"{number - arguments.start:,} files, seed {arguments.seed}: {dict(outcomes)}")
    return 0


def draw(seeds, seed, number, rare):
    """Return name and bytes of the file with a number; the same ones every time."""
    random = Random(f"{seed} {number}")
    names = [name for name in seeds if (name in _RARE) == (number % rare == 0)]
    name = random.choice(names)
    return name, mutate(random, seeds[name], list(seeds.values()))


def compare(function: PillowPictures, data: bytes) -> str:
    """Return how it ended. Raises Disagreement, and whatever a reader lets through."""
    if not data:  # refused before it is a picture
        return "empty"
    started_s = _cpu_s()
    ours, theirs = _read(function, data), _predict(data)
    if ours != theirs:
        raise Disagreement(f"the function says {ours}, the predictor {theirs}")
    if _cpu_s() - started_s > MOST_CPU_S:
        raise Disagreement(f"{_cpu_s() - started_s:.1f} s of CPU time")
    return ours.split()[0]


def _read(function: PillowPictures, data: bytes) -> str:
    try:
        picture = function.read(data)
        upright = function.upright(picture)
    except CirclesError as error:
        return f"{error.http_status} {error}"
    return f"read {upright.width} x {upright.height}"


def _predict(data: bytes) -> str:
    try:
        pixels = read_pixels(open_source(data, max_pixels=MAX_PIXELS))
    except Refusal as error:
        return f"{error.status} {error.message}"
    return f"read {pixels.shape[1]} x {pixels.shape[0]}"


def _cpu_s() -> float:
    """Return what this process and those that it started took; other work does not count."""
    return sum(os.times()[:4])


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=sys.maxsize)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--rare", type=int, default=100)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
