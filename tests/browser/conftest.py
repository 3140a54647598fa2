"""Fixtures: Chromium, `make run`, and a page that calls no other host."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from tests.system.processes import Run

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
TIMEOUT_MS = 20_000


def pytest_collection_modifyitems(items):
    if CHROMIUM is None:
        skip = pytest.mark.skip(reason="no Chromium: apt-get install chromium")
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Run `make run`."""
    started = Run(tmp_path_factory.mktemp("browser") / "run")
    try:
        yield started.wait_until_ready()
    finally:
        started.stop()


@pytest.fixture(scope="module")  # its event loop would be that of every later test
def chromium():
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, site):
    """
    Return a function that opens the page of a site at an address, in a browser of its own.

    Afterwards no request went to another host, and no script failed.
    """
    contexts, foreign, errors = [], [], []

    def opened(address="", context=None, url=site.url, **options):
        if context is None:
            context = chromium.new_context(
                **{"viewport": {"width": 1280, "height": 800}, **options}
            )
            context.set_default_timeout(TIMEOUT_MS)
            contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: note_foreign(request.url, url, foreign))
        visit(page, f"{url}/{address}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert foreign == []
    assert errors == []


def note_foreign(asked, url, foreign):
    if not asked.startswith((url, "blob:", "data:")):
        foreign.append(asked)


def visit(page, url):
    """Open a URL, again if interfaces come and go on this machine, as a cluster's do."""
    for _ in range(4):
        try:
            page.goto(url)
        except Exception as error:
            if "ERR_NETWORK_CHANGED" not in str(error):
                raise
        else:
            return


def sample(name):
    """Return the path of a photo of scikit-image: coins.png, moon.png."""
    [folder] = importlib.util.find_spec("skimage").submodule_search_locations
    return Path(folder) / "data" / name


@pytest.fixture
def coins():
    """Return a photo of 24 ancient coins (384 x 303 px), all of them found surely."""
    return sample("coins.png")


@pytest.fixture
def moon():
    """Return a photo of craters (512 x 512 px): few are found surely, many are doubtful."""
    return sample("moon.png")
