"""What console/pack.py writes, and what the page weighs."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import brotli
import pytest

ROOT = Path(__file__).resolve().parents[3]
CONSOLE = ROOT / "console"
MOST_BYTES, GALLERY_BYTES = 60_000, 33_000
COMPRESSED = {".js", ".css", ".html", ".svg"}
EXPAND = {".br": brotli.decompress, ".gz": gzip.decompress}


def run(folder, target, *options):
    """Pack the page of a folder, and return the content of each file by name."""
    command = [sys.executable, *options, folder / "pack.py", target]
    subprocess.run(command, check=True, timeout=60)
    return read(target)


def read(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Return the files of the packed page by name."""
    return run(CONSOLE, tmp_path_factory.mktemp("page") / "console")


@pytest.fixture
def console(tmp_path):
    """Return a folder with pack.py and a page of one module."""
    folder = tmp_path / "source"
    (folder / "page").mkdir(parents=True)
    shutil.copy(CONSOLE / "pack.py", folder)
    (folder / "page/one.js").write_text("export const one = 1;\n")
    return folder


def names(page):
    """Return the names of the page's own files, without what stands beside them."""
    return {name for name in page if not name.endswith((".br", ".etag")) and not is_copy(name)}


def is_copy(name):
    path = Path(name)
    return path.suffix == ".gz" and (CONSOLE / path.with_suffix("")).is_file()


def test_every_file_is_packed(page):
    kept = {
        path.relative_to(CONSOLE).as_posix() for path in CONSOLE.glob("[a-z]*/*") if path.is_file()
    }

    assert names(page) == kept
    assert len(kept) > 40


def test_forms_of_a_file_are_the_same(page):
    for name in names(page):
        if Path(name).suffix in COMPRESSED:
            for suffix, expand in EXPAND.items():
                assert expand(page[name + suffix]) == page[name]


def test_etag_follows_the_content(page, console, tmp_path):
    tags = [content for name, content in page.items() if name.endswith(".etag")]
    assert len(tags) == len(set(tags)) == len(page) / 2
    assert all(tag.startswith(b'"') and tag.endswith(b'"') for tag in tags)

    before = run(console, tmp_path / "page")
    (console / "page/one.js").write_text("export const one = 2;\n")  # of the same size
    after = run(console, tmp_path / "page")

    changed = {name for name in after if after[name] != before[name]}
    assert changed == set(after)


def test_libraries_and_markup_are_unchanged(page):
    """The policy has hashes of what stands in the markup; licences are comments of libraries."""
    for name in names(page):
        if name.startswith("vendor/") or not name.endswith((".js", ".css")):
            assert page[name] == (CONSOLE / name).read_bytes(), name
    assert len(json.loads(page["vendor/libraries.json"])) > 4


def test_packing_again_gives_the_same(page, tmp_path):
    assert run(CONSOLE, tmp_path / "console") == page


TRICKY = """
// goes
const reader = /[/"'`]\\/\\//g; /* goes, too */
export const list = (rows) => html`<ul title="a  // b">${rows.map(
  (row) => html`<li>Hello, ${row} and // so on: ( this )
    /* stays */</li>`, // goes
)}, then</ul>`;
export const address = 'http://[::1]//'.replace(reader, '');
"""
TEMPLATES = (
    '`<ul title="a  // b">$',
    "`<li>Hello, $",
    " and // so on: ( this )\n/* stays */</li>`",
    ", then</ul>`",
    '"http://[::1]//"',
    "/[/\"'`]\\/\\//g",
)


def test_templates_stay_and_comments_go(console, tmp_path):
    (console / "page/tricky.js").write_text(TRICKY)

    text = run(console, tmp_path / "page")["page/tricky.js"].decode()

    assert [part for part in TEMPLATES if part not in text] == []
    assert "goes" not in text
    assert "export const list=" in text


def test_lines_end_in_markup_only(page):
    """Indentation goes, and only htm drops it anyway."""
    for name in names(page):
        if name.endswith(".js") and not name.startswith("vendor/") and b"html`" not in page[name]:
            assert b"\n" not in page[name], name


def test_what_is_gone_goes(console, tmp_path):
    (console / "__pycache__").mkdir()
    (console / "__pycache__/pack.pyc").touch()
    (console / ".cache").mkdir()
    (console / ".cache/tool").touch()
    run(console, tmp_path / "page")
    (console / "page/one.js").rename(console / "page/two.js")

    page = run(console, tmp_path / "page")

    assert set(page) == {
        f"page/two.js{end}{tag}" for end in ("", ".br", ".gz") for tag in ("", ".etag")
    }


def test_pack_replaces_what_was_cut_off(console, tmp_path):
    whole = run(console, tmp_path / "page")
    (tmp_path / "page/page/one.js.br").write_bytes(b"cut")
    (tmp_path / "page/page/.one.js.br.4711").write_bytes(b"cut")

    assert run(console, tmp_path / "page") == whole


def test_page_is_only_compressed_without_a_wheel(console, tmp_path):
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "minify.py").write_text("raise ImportError")
    environment = {**os.environ, "PYTHONPATH": str(hidden)}
    command = [sys.executable, console / "pack.py", tmp_path / "page"]
    subprocess.run(command, check=True, timeout=60, env=environment)

    page = read(tmp_path / "page")
    assert page["page/one.js"] == (console / "page/one.js").read_bytes()
    assert brotli.decompress(page["page/one.js.br"]) == page["page/one.js"]


def test_page_is_small(page):
    """Without /docs/. The gallery comes first, and the viewer when the browser has time."""
    every = [name for name in names(page) if f"{name}.br" in page and not name.startswith("docs/")]
    index = page["page/index.html"].decode()
    first = {"page/index.html", *re.findall(r'(?:href|src)="/console/([^"]+)"', index)}

    assert len(every) > 30 and first < set(every)
    assert sum(len(page[f"{name}.br"]) for name in first) <= GALLERY_BYTES
    assert sum(len(page[f"{name}.br"]) for name in every) <= MOST_BYTES
