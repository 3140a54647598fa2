"""The page's files: libraries unchanged, modules that exist, nothing from another host."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CONSOLE = ROOT / "console"
LIBRARIES = json.loads((CONSOLE / "vendor/libraries.json").read_text())
BARE = {
    "preact": "vendor/preact.js",
    "preact/hooks": "vendor/preact-hooks.js",
    "htm": "vendor/htm.js",
}
OURS = sorted(
    path.relative_to(CONSOLE).as_posix()
    for path in CONSOLE.rglob("*")
    if path.suffix in (".js", ".css", ".html") and path.parent.name != "vendor"
)
MODULES = [name for name in OURS if name.endswith(".js") and not name.startswith("docs/")]
INDEX = (CONSOLE / "page/index.html").read_text()
CADDYFILE = (ROOT / "manifests/local/Caddyfile").read_text()


def imports(name):
    """Yield the files that a module imports at once."""
    text = (CONSOLE / name).read_text()
    for found in re.findall(r"^import (?:[^;]*? from )?'([^']+)'", text, re.M):
        path = BARE.get(found) or (CONSOLE / name).parent.joinpath(found).resolve()
        yield path if found in BARE else path.relative_to(CONSOLE).as_posix()


def closure(name):
    """Return the files that a module needs before it runs, itself among them."""
    found, waiting = set(), [name]
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += [] if name.startswith("vendor/") else imports(name)
    return found


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library["file"])
def test_library_is_unchanged(library):
    content = (CONSOLE / library["file"]).read_bytes()
    if library["file"].endswith(".gz"):
        content = gzip.decompress(content)

    assert hashlib.sha256(content).hexdigest() == library["sha256"]
    assert library["version"] and library["licence"] in ("MIT", "Apache-2.0")
    assert (CONSOLE / library["licence_file"]).stat().st_size > 500


def test_every_vendored_file_is_listed():
    listed = {name for each in LIBRARIES for name in (each["file"], each["licence_file"])}
    there = {
        path.relative_to(CONSOLE).as_posix()
        for path in [*(CONSOLE / "vendor").iterdir(), *(CONSOLE / "docs").glob("swagger*")]
    }

    assert there - {"vendor/libraries.json"} == listed


@pytest.mark.parametrize("name", MODULES)
def test_module_is_small_and_its_imports_exist(name):
    lines = (CONSOLE / name).read_text().splitlines()

    assert [path for path in imports(name) if not (CONSOLE / path).is_file()] == []
    assert len(lines) <= (500 if name == "page/messages.js" else 200)
    if name not in ("page/messages.js", "page/html.js"):
        assert max(map(len, lines)) <= 100


def test_gallery_s_modules_are_preloaded():
    preloaded = re.findall(r'<link rel="modulepreload" href="/console/([^"]+)">', INDEX)

    assert sorted(preloaded) == sorted(closure("page/main.js") - {"page/main.js"})
    assert json.loads(re.search(r'type="importmap">(.*?)<', INDEX)[1])["imports"] == {
        name: f"/console/{path}" for name, path in BARE.items()
    }


def test_every_module_is_used():
    lazy = "viewer/viewer.js"

    assert f"import('../{lazy}')" in (CONSOLE / "page/main.js").read_text()
    reached = closure("page/main.js") | closure(lazy)
    assert set(MODULES) - reached == set()


def test_policy_has_the_hash_of_each_inline_script():
    inline = re.findall(r'<script(?: type="importmap")?>(.*?)</script>', INDEX, re.S)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in inline
    )

    assert len(inline) == 2
    assert f"script-src 'self' {hashes};" in CADDYFILE
    assert not re.search(r"\son\w+=", INDEX)


@pytest.mark.parametrize("name", OURS)
def test_file_names_no_other_host(name):
    assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", (CONSOLE / name).read_text()) == []


def test_using_names_what_the_page_says():
    """Every bold name in the section on the page is a text of the page."""
    using = (ROOT / "docs/using.md").read_text()
    section = using.split("## On the page")[1].split("\n## ")[0]
    told = re.findall(r"\*\*([^*.]+)\*\*", section)
    messages = (CONSOLE / "page/messages.js").read_text()

    assert len(told) > 15
    assert [
        name for name in told if f"'{name}" not in messages and f"`{name}" not in messages
    ] == []
    for picture in re.findall(r"\]\((pictures/[^)]+)\)", section):
        assert 10_000 < (ROOT / "docs" / picture).stat().st_size <= 150_000
