"""What a user would check, and which tests prove it: their docstrings name the check."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
CHECKS = {
    1: "The slider reveals more circles without a request, as many as the API counts.",
    2: "Circles are added, moved and deleted by mouse and by keys; a stale page loses nothing.",
    3: "Corrected pictures become a data set that every reader takes; repeated, it is the same.",
    4: "A coin of known size gives millimetres, the same in another browser and in the table.",
    5: "A name that is a formula or HTML stays text, in tables and on the page.",
    6: "A large table is whole, in flat memory, while lists go on; a broken one says so.",
    7: "A script repeats what was broken off without doubling, and learns from exit codes.",
    10: "The page asks no other host; a token that only reads is told so; no log has a secret.",
}
"""8 (the bucket alone) and 9 (two models) are about other parts than the page and the client."""


def test_every_check_has_a_test():
    proven = {
        int(number)
        for path in TESTS.rglob("test_*.py")
        for number in re.findall(r'^    """Check (\d+) of a user', path.read_text(), re.M)
    }

    assert proven == set(CHECKS)
