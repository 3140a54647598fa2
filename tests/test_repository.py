"""Test that functions, Procfile, gateway, settings, README and imports agree."""

import ast
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from circles.settings import CLIENT_VARIABLES, Settings
from circles.version import read_version
from circles_client.settings import VARIABLES
from tests.openapi import CONTRACT

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/main.py"))
EVENT_FUNCTIONS = {"bridge", "ingest", "repair"}
"""Functions for events: not behind the gateway and not in the HTTP contract."""
OPTIONAL_FUNCTIONS = EVENT_FUNCTIONS | {"export"}
SOURCES = sorted(
    path.relative_to(ROOT)
    for folder in ("lib", "functions")
    for path in (ROOT / folder).rglob("*.py")
)
PACKAGE = [source for source in SOURCES if source.is_relative_to("lib/circles")]
PICTURES = [source for source in SOURCES if source.is_relative_to("lib/circles_pictures")]
CLIENT = [source for source in SOURCES if source.is_relative_to("lib/circles_client")]
PREDICTOR = sorted(path.relative_to(ROOT) for path in (ROOT / "predictor").rglob("*.py"))
README = (ROOT / "README.md").read_text()
CADDYFILE = (ROOT / "manifests/local/Caddyfile").read_text()


def tracked(*where):
    out = subprocess.run(
        ["git", "ls-files", "-z", *where], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [ROOT / name for name in out.stdout.split("\0") if name]


def imports(path):
    """Yield every module that a file imports anywhere, except under TYPE_CHECKING."""
    tree = ast.parse((ROOT / path).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_known_functions_exist():
    assert {"upload", "list", "detail"} <= set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_is_short_and_started_by_the_procfile(function):
    source = (ROOT / "functions" / function / "main.py").read_text()
    decorated = {
        node.name: ast.unparse(each)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        for each in node.decorator_list
    }
    targets = [name for name, by in decorated.items() if by.startswith("functions_framework.")]
    [line] = re.findall(
        rf"^{function}: (.*)", (ROOT / "manifests/local/Procfile").read_text(), re.M
    )

    routes = len(re.findall(r'^    +"(?:GET|POST|PUT|DELETE) /', source, re.M))
    assert len(source.splitlines()) <= 50 + 7 * routes
    assert len(targets) == 1
    assert f"FUNCTION_SOURCE=functions/{function}/main.py FUNCTION_TARGET={targets[0]} " in line
    assert f"PORT=${function.upper()}_PORT " in line


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_client_functions_are_in_the_contract(function):
    assert not (ROOT / "functions/__init__.py").exists()
    assert not (ROOT / "functions" / function / "__init__.py").exists()
    tags = {tag for item in CONTRACT["paths"].values() for each in item.values()
            if isinstance(each, dict) for tag in each["tags"]}  # fmt: skip
    assert (function in tags) == (function not in EVENT_FUNCTIONS)
    assert (function.upper() in CADDYFILE) == (function not in EVENT_FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_event_functions_use_event_routes(function):
    source = (ROOT / "functions" / function / "main.py").read_text()

    assert ("event_routes(" in source) == (function in EVENT_FUNCTIONS)
    assert ("answer = routes(" in source) == (function not in EVENT_FUNCTIONS)


def variable(name):
    ecosystem = {"host", "port", "function_source", "function_target", "k_sink", "k_ce_overrides"}
    return name.upper() if name in ecosystem else f"CIRCLES_{name.upper()}"


ROWS = [
    (re.findall(r"`([A-Z0-9_]+)`", first), second.strip())
    for first, second in re.findall(r"^\|(\s*`[A-Z][A-Z0-9_` ]+`\s*)\|([^|]*)\|", README, re.M)
]


@pytest.mark.parametrize("setting", [field.name for field in fields(Settings)])
def test_setting_is_in_the_readme_with_its_default(setting):
    rows = [(names, default) for names, default in ROWS if variable(setting) in names]

    assert len(rows) == 1
    [(names, default)] = rows
    known = next(field.default for field in fields(Settings) if field.name == setting)
    if len(names) == 1 and re.fullmatch(r"`[^`]+`", default):
        text = default.strip("`")
        assert text == str(known).lower() if isinstance(known, bool) else type(known)(text) == known


def test_readme_names_only_known_settings():
    known = {variable(field.name) for field in fields(Settings)} | set(CLIENT_VARIABLES)

    named = set(re.findall(r"CIRCLES_[A-Z0-9_]+", README))

    assert named - known == set()
    assert len(named) > 10


@pytest.mark.parametrize("path", CONTRACT["paths"])
def test_contract_route_is_in_the_readme(path):
    for method in {"get", "post", "put", "delete", "patch"} & set(CONTRACT["paths"][path]):
        assert f"`{method.upper()} {path}`" in README


def test_readme_names_only_contract_routes():
    named = re.findall(r"`(GET|POST|PUT|DELETE|PATCH) (/[^` ]*)`", README)

    assert len(named) > 5
    for method, path in named:
        assert method.lower() in CONTRACT["paths"].get(path, {}), f"{method} {path}"


def test_lib_is_tracked_and_not_a_package():
    names = {path.relative_to(ROOT).as_posix() for path in tracked("lib")}

    assert "lib/circles/usecases/upload.py" in names
    assert "lib/__init__.py" not in names
    assert not re.search(r"^/?lib/?$", (ROOT / ".gitignore").read_text(), re.M)


ELSEWHERE = re.compile(
    # Written so that this file does not match itself.
    r"(?<![\w.])/wo[r]k/|\.\./share[d]|\.librar[y]\b|(?<!\w)/roo[t]/|(?<!\w)/home/\w+/|/opt/whee[l]s"
    r"|py[p]i\.org|python[h]osted\.org|registry\.np[m]js\.org|deb\.debia[n]\.org|proxy\.golan[g]\.org"
)


def test_no_tracked_file_names_a_local_path_or_registry():
    found = []
    for path in tracked():
        if not path.is_file():
            continue  # deleted but not committed yet
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in ELSEWHERE.finditer(text)]

    assert found == []
    assert ELSEWHERE.search("see /wor" + "k/main")


DRIVERS = {
    "minio": r"adapters/minio/\w+\.py",
    "urllib3": r"adapters/(minio/\w+|deadlines)\.py|circles_client/transport/\w+\.py",
    "requests": r"adapters/(http_client|deadlines)\.py|circles_client/transport/\w+\.py",
    "click": r"circles_client/commands/\w+\.py",
    "circles_client": r"circles_client/.+\.py",
    "tenacity": r"adapters/kserve/detector\.py",
    "sqlite3": r"adapters/sqlite/.+\.py",
    "sqlite_utils": r"adapters/sqlite/.+\.py",
    "waitress": r"serve/\w+\.py",
    "PIL": r"circles_pictures/.+\.py",
    "pi_heif": r"circles_pictures/formats/heif/child\.py",
    "circles_pictures": r"circles_pictures/.+\.py|adapters/pillow/\w+\.py",
    "jwt": r"adapters/service_accounts\.py",
    "cloudevents": r"formats/cloud_events\.py",
    "uuid_utils": r"domain/identifiers\.py",
    "xlsxwriter": r"formats/tables/workbook\.py",
    "prometheus_client": r"telemetry/prometheus\.py",
    "flask": r"web/.+\.py|functions/\w+/main\.py",
    "werkzeug": r"web/.+\.py",
    "functions_framework": r"serve/server\.py|functions/\w+/main\.py",
}
"""Files that may import each driver (third-party module or database)."""


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_driver_is_imported_in_one_place(source):
    for module in imports(source):
        top = module.partition(".")[0]
        if top in DRIVERS:
            assert re.search(f"(^|/)({DRIVERS[top]})$", source.as_posix()), (
                f"{source} imports {module}"
            )
        else:
            assert top == "circles" or top in sys.stdlib_module_names, f"{source} imports {module}"


@pytest.mark.parametrize("driver", DRIVERS)
def test_driver_is_imported_somewhere(driver):
    assert any(
        module.partition(".")[0] == driver for source in SOURCES for module in imports(source)
    )


@pytest.mark.parametrize("source", PICTURES, ids=str)
def test_pictures_know_neither_functions_nor_predictor(source):
    known = {"PIL", "pi_heif", "circles_pictures"} | sys.stdlib_module_names

    assert {module.partition(".")[0] for module in imports(source)} <= known


@pytest.mark.parametrize("source", CLIENT, ids=str)
def test_client_knows_the_contract_only(source):
    known = {"click", "requests", "urllib3", "circles_client"} | sys.stdlib_module_names

    assert {module.partition(".")[0] for module in imports(source)} <= known


def test_client_and_server_agree_on_variables():
    assert CLIENT_VARIABLES == VARIABLES


@pytest.mark.parametrize("source", PREDICTOR, ids=str)
def test_predictor_reaches_pictures_in_inference_only(source):
    if not source.is_relative_to("predictor/inference"):
        assert not [name for name in imports(source) if name.startswith("circles_pictures")]


MAY_IMPORT = {
    "version": set(),
    "domain": set(),
    "telemetry": {"version"},
    "settings": {"domain"},
    "formats": {"domain"},
    "usecases": {"domain", "formats", "telemetry"},
    "adapters": {"domain", "formats", "telemetry"},
    "web": {"domain", "formats", "telemetry", "version"},
    "bootstrap": {"adapters", "domain", "settings", "telemetry"},
    "serve": {"bootstrap", "settings", "web"},
    "repair": {"bootstrap", "domain", "settings", "usecases"},
    "tokens": {"bootstrap", "domain", "settings", "usecases"},
    "detect": {"bootstrap", "domain", "settings", "usecases"},
}
"""Which folders and files of lib/circles each may import, besides itself."""


def ours(source):
    """Return the circles modules that a file imports, as adapters.sqlite.rows.SqliteRows."""
    names = (
        name.removeprefix("circles.") for name in imports(source) if name.startswith("circles.")
    )
    return [name for name in names if not name.startswith("__")]


def top(source):
    """The folder or file of lib/circles in which source lies."""
    return source.relative_to("lib/circles").with_suffix("").parts[0]


def test_every_module_has_an_import_rule():
    assert {top(source) for source in PACKAGE} - {"__init__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_point_inward(folder):
    for source in PACKAGE:
        if top(source) == folder:
            found = {name.partition(".")[0] for name in ours(source)} - {folder}
            assert found <= MAY_IMPORT[folder], f"{source} imports {found - MAY_IMPORT[folder]}"


ADAPTERS = [source for source in SOURCES if source.is_relative_to("lib/circles/adapters")]


@pytest.mark.parametrize("source", ADAPTERS, ids=lambda path: path.stem)
def test_adapters_import_no_other_adapter(source):
    """Exceptions: what adapters of remote servers share, and those that keep or write files."""
    own = source.relative_to("lib/circles/adapters").with_suffix("").parts[0]
    for name in ours(source):
        if name.startswith("adapters."):
            assert name.split(".")[1] in (own, "http_client", "deadlines", "spool", "volume"), (
                f"{source} imports {name}"
            )


def test_only_bootstrap_imports_adapters():
    for source in SOURCES:
        if not source.is_relative_to("lib/circles/bootstrap") and source not in ADAPTERS:
            assert not [name for name in imports(source) if name.startswith("circles.adapters")], (
                source
            )


def test_only_settings_reads_the_environment():
    for source in SOURCES:
        if not source.is_relative_to("lib/circles/settings") and source.name != "settings.py":
            assert not {"os.environ", "os.getenv"} & set(imports(source)), source
            assert not re.search(r"\bos\.(environ|getenv)\b", (ROOT / source).read_text()), source


def test_gateway_limit_adds_128_kib_for_the_form():
    limits = set(re.findall(r"\$GATEWAY_MAX_BODY_BYTES:(\d+)\}", CADDYFILE))

    assert limits == {str(Settings().max_upload_bytes + 128 * 1024)}


REQUIREMENTS = [path for path in tracked() if path.name == "requirements.txt"]


@pytest.mark.parametrize("requirements", REQUIREMENTS,
                         ids=lambda path: path.parent.name)  # fmt: skip
def test_every_requirement_is_pinned(requirements):
    lines = [line.partition("#")[0].strip() for line in requirements.read_text().splitlines()]
    pinned_elsewhere = any(line.startswith("-c ") for line in lines)

    for line in filter(None, lines):
        pinned = re.fullmatch(r"-[rc] \S+|--\S+ \S+|[\w.-]+(\[[\w,-]+\])?==[\w.+!]+( *;.*)?", line)
        assert pinned or (pinned_elsewhere and re.fullmatch(r"[\w.-]+", line)), line


def test_version_is_semver():
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", read_version())


def test_changelog_names_the_version():
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)

    assert read_version() in headings


@pytest.mark.timeout(300)
def test_core_passes_without_optional_functions(tmp_path):
    for path in filter(Path.is_file, tracked()):
        name = path.relative_to(ROOT)
        if not (name.parts[0] == "functions" and name.parts[1] in OPTIONAL_FUNCTIONS):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, tmp_path / name)
    core = ["tests/functions/reading/test_list.py", "tests/functions/test_every_function.py"]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *core], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": "lib"}, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-2000:]


def test_ci_runs_make_check():
    script = (ROOT / ".ci/run").read_text()

    assert script.startswith("#!")
    assert "\nmake check\n" in script and script.endswith("exec make test-readers\n")
