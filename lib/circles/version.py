"""The product's version, written once in pyproject.toml."""

from functools import cache
from pathlib import Path

_PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


@cache
def read_version() -> str:
    """Return the version of this installation, as in SemVer 2.0."""
    import tomllib  # not at a cold start: only the contract and a scrape show the version

    project = tomllib.loads(_PYPROJECT.read_text())["project"]
    return str(project["version"])
