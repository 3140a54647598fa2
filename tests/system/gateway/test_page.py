"""Test how the gateway serves the page: packed, and from its sources."""

import gzip
import shutil
import subprocess
import sys

import brotli
import pytest
import requests

from tests.system.processes import ROOT, Gateway

CONSOLE = ROOT / "console"
MODULE = "/console/page/main.js"
EXPAND = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


def pack(source, page_dir):
    """Pack the page of a folder."""
    subprocess.run([sys.executable, source / "pack.py", page_dir / "console"], check=True)
    return page_dir


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Return a folder with the packed page."""
    return pack(CONSOLE, tmp_path_factory.mktemp("packed"))


@pytest.fixture(scope="module", params=["packed", "source"])
def page(request, packed, tmp_path_factory):
    """Run a gateway with the page, packed or not. Returns its URL."""
    log = tmp_path_factory.mktemp(request.param) / "gateway.log"
    folder = packed if request.param == "packed" else ROOT
    yield from serve(log, folder)


@pytest.fixture(scope="module")
def packed_page(packed, tmp_path_factory):
    yield from serve(tmp_path_factory.mktemp("gateway") / "log", packed)


def serve(log, folder, **options):
    gateway = Gateway(log, {}, PAGE_DIR=str(folder), **options)
    try:
        yield gateway.wait_until_ready().url
    finally:
        gateway.stop()


def get(url, encoding, method="GET", **headers):
    """Return the answer to a request, with its body as it was sent."""
    sent = {"Accept-Encoding": encoding, **headers}
    with requests.request(method, url, headers=sent, stream=True, timeout=10) as response:
        response.body = response.raw.read(decode_content=False)
    return response


def test_every_file_is_served(page):
    """What is inside is compared with the sources by tests/unit/console/test_pack.py."""
    files = [path.relative_to(ROOT).as_posix() for path in CONSOLE.glob("[a-z]*/*.*")]

    assert len(files) > 40
    for name in files:
        response = get(f"{page}/{name.removesuffix('index.html')}", "identity")
        assert (response.status_code, bool(response.body)) == (200, True), name
        assert response.headers["Cache-Control"] == "no-cache"
        if name.endswith(".js"):
            assert response.headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["pack.py", "README.md", "kustomization.yaml",
                                  "requirements.txt", "requirements.lock",
                                  "page/main.js.etag", "page/main.js.br.etag"])  # fmt: skip
def test_what_makes_the_page_is_not_served(page, path):
    assert get(f"{page}/console/{path}", "identity").status_code == 404


@pytest.mark.parametrize(
    "accepted, sent",
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("zstd", None),
        ("identity", None),
    ],
)
@pytest.mark.parametrize("path", ["/", MODULE, "/console/styles/page.css"])
def test_packed_file_is_sent_as_accepted(packed_page, packed, path, accepted, sent):
    plain = (packed / (path if path != "/" else "/console/page/index.html")[1:]).read_bytes()

    response = get(packed_page + path, accepted)
    head = get(packed_page + path, accepted, "HEAD")

    assert response.headers.get("Content-Encoding") == sent
    assert EXPAND[sent](response.body) == plain
    for each in (response, head):
        assert each.status_code == 200
        assert each.headers["Vary"] == "Accept-Encoding"
        assert int(each.headers["Content-Length"]) == len(response.body)
        assert each.headers["ETag"] == response.headers["ETag"]
    assert head.body == b""


def test_source_is_compressed_while_it_is_sent(tmp_path):
    for url in serve(tmp_path / "log", ROOT):
        response = get(url + MODULE, "gzip, deflate, br")

        assert response.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(response.body) == (ROOT / MODULE[1:]).read_bytes()
        assert "Accept-Encoding" in response.headers["Vary"]


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
def test_known_file_is_not_sent_again(page, encoding):
    tag = get(page + MODULE, encoding).headers["ETag"]

    response = get(page + MODULE, encoding, **{"If-None-Match": tag})

    assert (response.status_code, response.body) == (304, b"")
    assert response.headers["ETag"].strip('"') in tag  # Caddy's of a source, without "-gzip"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert get(page + MODULE, encoding, **{"If-None-Match": '"x"'}).status_code == 200


def test_each_form_has_its_own_etag(packed_page):
    tags = {get(packed_page + MODULE, each).headers["ETag"] for each in ("br", "gzip", "identity")}

    assert len(tags) == 3


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
def test_deploy_shows_what_changed_only(tmp_path, encoding):
    """Another pod copies the files anew: their times differ, and a change may keep the size."""
    source = shutil.copytree(CONSOLE, tmp_path / "console", ignore=shutil.ignore_patterns("docs"))
    module, other = MODULE, "/console/page/state.js"
    for url in serve(tmp_path / "log", pack(source, tmp_path / "before")):
        tags = {path: get(url + path, encoding).headers["ETag"] for path in (module, other)}
    text = (source / "page/main.js").read_text()
    (source / "page/main.js").write_text(text.replace("'app'", "'add'"))

    for url in serve(tmp_path / "log", pack(source, tmp_path / "after")):
        answers = {
            path: get(url + path, encoding, **{"If-None-Match": tag}) for path, tag in tags.items()
        }

    assert answers[other].status_code == 304
    assert answers[module].status_code == 200
    assert answers[module].headers["ETag"] != tags[module]


@pytest.mark.parametrize("name, kind", [("bundle.js", "text/javascript"), (".css", "text/css")])
def test_swagger_ui_is_sent_compressed(page, name, kind):
    path = f"docs/swagger-ui{'-' if name[0] != '.' else ''}{name}"

    response = get(f"{page}/console/{path}", "gzip, deflate, br")

    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Content-Type"].startswith(kind)
    assert response.body == (CONSOLE / f"{path}.gz").read_bytes()
