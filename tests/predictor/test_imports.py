"""Test which of the predictor's folders and files may import which."""

import pytest

from tests.test_repository import ROOT, imports

SOURCES = sorted(path.relative_to(ROOT) for path in (ROOT / "predictor").rglob("*.py"))

MAY_IMPORT = {
    "cores": set(),
    "detector": set(),
    "errors": set(),
    "metrics": set(),
    "settings": {"cores"},
    "network": {"detector"},
    "protocols": {"detector", "errors", "settings"},
    "inference": {"detector", "errors", "metrics", "protocols", "settings"},
    "server": {"errors", "inference", "metrics", "protocols", "settings"},
    "__main__": {"detector", "inference", "network", "server", "settings"},
    "evaluation": {"detector", "inference", "network"},
    "training": {"evaluation", "inference", "network"},
}
"""
What a folder or file may import, besides itself.

Only the start joins server and network. Nothing that serves needs evaluation or training, whose
packages are not installed there.
"""


def find_owner(source):
    return source.relative_to("predictor").with_suffix("").parts[0]


def find_imported(source):
    """Return the folders and files of the predictor that a file imports."""
    names = [name.split(".") for name in imports(source)]
    return {name[1] for name in names if name[0] == "predictor"} - {find_owner(source)}


def test_every_folder_has_an_import_rule():
    assert {find_owner(source) for source in SOURCES} - {"__init__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_imports_follow_the_rules(source):
    allowed = MAY_IMPORT.get(find_owner(source), set())

    assert find_imported(source) <= allowed, f"{find_imported(source) - allowed}"


@pytest.mark.parametrize("owner", MAY_IMPORT)
def test_rule_allows_only_what_is_imported(owner):
    found = [find_imported(source) for source in SOURCES if find_owner(source) == owner]

    assert MAY_IMPORT[owner] - set().union(*found) == set()


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_predictor_imports_no_function_code(source):
    """The predictor runs in an image of its own, without lib/circles."""
    assert not [name for name in imports(source) if name.split(".")[0] in ("circles", "functions")]
