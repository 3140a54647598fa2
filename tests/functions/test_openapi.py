"""Test each route of openapi.json with each promised status."""

import contextlib
import hashlib
import json
import sqlite3
from io import BytesIO

import pytest
from jsonschema import Draft202012Validator

from circles.adapters.background import Background
from circles.bootstrap import load_services
from circles.domain.pictures import EXTENSIONS
from circles.formats.tables import workbook
from tests.functions.conftest import TARGETS
from tests.functions.pictures import jpeg, png, png_bomb
from tests.functions.predictors import CIRCLE, answer_objects, answer_text
from tests.openapi import CONTRACT, check_answer

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
IMAGE, OBJECTS = "/images/{image_id}", "/images/{image_id}/objects"
DETECTIONS = "/images/{image_id}/detections"
SCALE, BATCH_SCALE = "/images/{image_id}/scale", "/batches/{batch}/scale"
THUMBNAIL, OVERLAY = "/images/{image_id}/thumbnail", "/images/{image_id}/overlay"
CROP = "/images/{image_id}/objects/{object_id}/crop"
STATS, BATCH = "/stats", "/batches/{batch}"
TOKENS, ONE_TOKEN = "/tokens/", "/tokens/{token_id}"
CONTENT, OBJECT = "/images/{image_id}/content", "/images/{image_id}/objects/{object_id}"


class World:
    """A volume with one image and ways to cause errors."""

    def __init__(self, load, predicted, predictor, volume):
        self.load, self.predicted, self.predictor, self.volume = load, predicted, predictor, volume
        self.image_id = self.send(png()).json["image_id"]
        [found, *_] = load("list").get(f"/images/{self.image_id}/objects").json
        self.ids = {
            "image_id": self.image_id,
            "object_id": found["object_id"],
            "batch": "b",
            "token_id": "0" * 16,
        }
        self.ids["event_id"] = self.ids["export_id"] = UNKNOWN

    def send(self, data, **headers):
        return self.load("upload").post(
            "/images/", data=data, content_type="image/png", headers=headers
        )

    def ask(self, method, path, *, ids=None, **headers):
        """Call the function that the contract names for this route."""
        [tag] = CONTRACT["paths"][path.partition("?")[0]][method]["tags"]
        return self.load("list" if tag == "all" else tag).open(
            path.format(**{**self.ids, **(ids or {})}), method=method.upper(), headers=headers
        )

    def get(self, path, **details):
        return self.ask("get", path, **details)

    def current(self, path):
        """Request what the client has already."""
        tag = self.get(path).headers["ETag"]
        return self.get(path, **{"If-None-Match": tag})

    def correct(self, if_match=None, based_on=None, **headers):
        """Send a confirmation. if_match and based_on: the served run's if they are None."""
        run = self.get(IMAGE).json["served"]
        expected = f'"{run}"' if if_match is None else if_match
        return self.load("upload").post(
            DETECTIONS.format(**self.ids),
            data=json.dumps({"based_on": based_on or run, "objects": []}),
            headers={"Content-Type": "application/json", "If-Match": expected, **headers},
        )

    def scale(self, path, document='{"mm_per_px": 1}', encoding="", **ids):
        """Set a scale. The image is in batch b."""
        with contextlib.closing(sqlite3.connect(self.volume.database)) as connection, connection:
            connection.execute("UPDATE images SET batch = 'b'")
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
        return self.load("upload").put(
            path.format(**{**self.ids, **ids}), data=document, headers=headers
        )

    def send_token(self, document, encoding=""):
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
        return self.load("upload").post("/tokens/", data=document, headers=headers)

    def remove_batch_scale(self):
        self.scale(BATCH_SCALE)
        return self.ask("delete", BATCH_SCALE)

    def pending(self):
        self.predictor.answer = answer_text("", 500)
        return self.predicted().post("/images/", data={"file": (BytesIO(jpeg()), "a.jpg")})

    def without_catalogue(self, ask):
        self.load("list", catalogue_path=self.volume.folder)  # not a database; the setting stays
        return ask()

    def replay(self):
        """Send an event again whose receiver is unavailable."""
        client = self.load("upload", k_sink="http://127.0.0.1:9/")
        client.post("/images/", data=png())
        [*_, newest] = self.volume.rows("outbox")
        return client.post(f"/deliveries/{newest['event_id']}/replay")

    def reused_key(self):
        self.send(png(), **{"Idempotency-Key": "k-1"})
        return self.send(jpeg(), **{"Idempotency-Key": "k-1"})

    def damaged(self, method, path):
        self.volume.blobs()[0].write_bytes(b"other bytes")
        return self.ask(method, path)

    def change(self, statement):
        with contextlib.closing(sqlite3.connect(self.volume.database)) as connection, connection:
            connection.execute(statement)

    def batch(self):
        """Ask for a batch with an image."""
        self.load("upload").post("/images/?batch=b", data=jpeg(), content_type="image/jpeg")
        return self.get(BATCH)

    def many_batches(self):
        """Ask for more groups than are answered."""
        columns = "image_id, status, key, media_type, size_bytes, sha256, width, height, source"
        self.change(f"""
            WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT 1001)
            INSERT INTO images ({columns}, created_at, batch)
            SELECT n, 'pending', n, '', 1, '', 1, 1, 'upload', '2026', n FROM number
        """)
        return self.get(f"{STATS}?by=batch")

    def replace_picture(self, data):
        """Replace the stored bytes, as if they had been accepted once."""
        self.volume.blobs()[0].write_bytes(data)
        with contextlib.closing(sqlite3.connect(self.volume.database)) as connection, connection:
            connection.execute(
                "UPDATE images SET sha256 = ?, size_bytes = ?",
                [hashlib.sha256(data).hexdigest(), len(data)],
            )

    def picture_of(self, path, data):
        self.replace_picture(data)
        return self.get(path)

    def refused(self):
        """Request a detection of a picture that the predictor refuses."""
        self.predictor.answer = answer_text("", 422)
        return self.predicted().post(DETECTIONS.format(**self.ids))

    def running(self):
        """Request a detection while another one is running."""
        client, path, answers = self.predicted(), DETECTIONS.format(**self.ids), []

        def post_during_detection(body):
            answers.append(client.post(path))
            return answer_objects(CIRCLE)(body)

        self.predictor.answer = post_during_detection
        client.post(path)
        return answers[0]


def unknown(path, method="get"):
    return lambda world: world.ask(method, path, ids={"image_id": UNKNOWN})


def malformed(path, method="get"):
    return lambda world: world.ask(method, path, ids={"image_id": "7"})


def unavailable(path, method="get"):
    return lambda world: world.without_catalogue(lambda: world.ask(method, path))


PROVOKED = {
    ("post", "/images/", 200): lambda world: world.send(png()),
    ("post", "/images/", 202): World.pending,
    ("post", "/images/", 400): lambda world: world.send(b""),
    ("post", "/images/", 413): lambda world: world.send(png_bomb()),
    ("post", "/images/", 415): lambda world: world.send(b"text"),
    ("post", "/images/", 422): World.reused_key,
    ("post", "/images/", 503): lambda world: world.without_catalogue(lambda: world.send(png())),
    ("get", "/images/", 200): lambda world: world.get("/images/"),
    ("get", "/images/", 304): lambda world: world.current("/images/"),
    ("get", "/images/", 400): lambda world: world.get("/images/?limit=0"),
    ("get", "/images/", 503): unavailable("/images/"),
    **{
        ("get", path, status): provoke
        for path in ("/batches/", "/refusals", "/deliveries")
        for status, provoke in {
            200: lambda world, path=path: world.get(path),
            304: lambda world, path=path: world.current(path),
            400: lambda world, path=path: world.get(f"{path}?limit=0"),
            503: unavailable(path),
        }.items()
    },
    ("get", STATS, 200): lambda world: world.get(f"{STATS}?by=batch&measure=diameter"),
    ("get", STATS, 304): lambda world: world.current(STATS),
    ("get", STATS, 400): lambda world: world.get(f"{STATS}?by=hour"),
    ("get", STATS, 422): World.many_batches,
    ("get", STATS, 503): unavailable(STATS),
    ("get", BATCH, 200): World.batch,
    ("get", BATCH, 304): lambda world: world.batch() and world.current(BATCH),
    ("get", BATCH, 400): lambda world: world.get(f"{BATCH}?bins=0"),
    ("get", BATCH, 404): lambda world: world.get(BATCH),
    ("get", BATCH, 503): unavailable(BATCH),
    ("delete", IMAGE, 204): lambda world: world.ask("delete", IMAGE),
    ("delete", IMAGE, 400): malformed(IMAGE, "delete"),
    ("delete", IMAGE, 404): unknown(IMAGE, "delete"),
    ("delete", IMAGE, 503): unavailable(IMAGE, "delete"),
    ("post", DETECTIONS, 200): lambda world: world.ask("post", DETECTIONS),
    ("post", DETECTIONS, 201): World.correct,
    ("post", DETECTIONS, 202): World.running,
    ("post", DETECTIONS, 400): malformed(DETECTIONS, "post"),
    ("post", DETECTIONS, 404): unknown(DETECTIONS, "post"),
    ("post", DETECTIONS, 412): lambda world: world.correct('"x"'),
    ("post", DETECTIONS, 413): lambda world: world.correct(based_on="x" * 1024**2),
    ("post", DETECTIONS, 415): lambda world: world.correct(**{"Content-Encoding": "gzip"}),
    ("post", DETECTIONS, 422): World.refused,
    ("post", DETECTIONS, 428): lambda world: world.correct(""),
    ("post", DETECTIONS, 500): lambda world: world.damaged("post", DETECTIONS),
    ("post", DETECTIONS, 503): unavailable(DETECTIONS, "post"),
    ("get", DETECTIONS, 200): lambda world: world.get(DETECTIONS),
    ("get", DETECTIONS, 304): lambda world: world.current(DETECTIONS),
    ("get", DETECTIONS, 400): malformed(DETECTIONS),
    ("get", DETECTIONS, 404): unknown(DETECTIONS),
    ("get", DETECTIONS, 503): unavailable(DETECTIONS),
    ("get", IMAGE, 200): lambda world: world.get(IMAGE),
    ("get", IMAGE, 304): lambda world: world.current(IMAGE),
    ("get", IMAGE, 400): malformed(IMAGE),
    ("get", IMAGE, 404): unknown(IMAGE),
    ("get", IMAGE, 503): unavailable(IMAGE),
    ("get", CONTENT, 200): lambda world: world.get(CONTENT),
    ("get", CONTENT, 206): lambda world: world.get(CONTENT, Range="bytes=0-9"),
    ("get", CONTENT, 304): lambda world: world.get(CONTENT, **{"If-None-Match": "*"}),
    ("get", CONTENT, 400): malformed(CONTENT),
    ("get", CONTENT, 404): unknown(CONTENT),
    ("get", CONTENT, 412): lambda world: world.get(CONTENT, **{"If-Match": '"x"'}),
    ("get", CONTENT, 416): lambda world: world.get(CONTENT, Range="bytes=9999-"),
    ("get", CONTENT, 500): lambda world: world.damaged("get", CONTENT),
    ("get", CONTENT, 503): unavailable(CONTENT),
    ("get", OBJECTS, 200): lambda world: world.get(OBJECTS),
    ("get", OBJECTS, 304): lambda world: world.current(OBJECTS),
    ("get", OBJECTS, 400): malformed(OBJECTS),
    ("get", OBJECTS, 404): unknown(OBJECTS),
    ("get", OBJECTS, 503): unavailable(OBJECTS),
    ("get", OBJECT, 200): lambda world: world.get(OBJECT),
    ("get", OBJECT, 304): lambda world: world.current(OBJECT),
    ("get", OBJECT, 400): malformed(OBJECT),
    ("get", OBJECT, 404): unknown(OBJECT),
    ("get", OBJECT, 503): unavailable(OBJECT),
    ("get", "/openapi.json", 200): lambda world: world.get("/openapi.json"),
    ("get", "/metrics", 200): lambda world: world.get("/metrics"),
    ("get", "/health/liveness", 200): lambda world: world.get("/health/liveness"),
    ("get", "/health/readiness", 200): lambda world: world.get("/health/readiness"),
    ("get", "/health/readiness", 503): unavailable("/health/readiness"),
}

REPLAY = "/deliveries/{event_id}/replay"
PROVOKED |= {
    ("post", REPLAY, 202): World.replay,
    ("post", REPLAY, 400): lambda world: world.ask("post", REPLAY, ids={"event_id": "7"}),
    ("post", REPLAY, 404): lambda world: world.ask("post", REPLAY),
    ("post", REPLAY, 503): unavailable(REPLAY, "post"),
}
UPLOADS = "/uploads"


def presign(world, body, **headers):
    keys = {"s3_access_key": "a", "s3_secret_key": "b"}
    client = world.load("upload", store="s3", s3_public_endpoint="http://s3.example", **keys)
    headers = {"Content-Type": "application/json", **headers}
    return client.post(UPLOADS, data=body, headers=headers)


PROVOKED |= {
    ("post", UPLOADS, 200): lambda world: presign(world, '{"file_name": "a.jpg"}'),
    ("post", UPLOADS, 400): lambda world: presign(world, "{"),
    ("post", UPLOADS, 413): lambda world: presign(world, " " * 1024**2 + "{}"),
    ("post", UPLOADS, 415): lambda world: presign(world, "{}", **{"Content-Encoding": "gzip"}),
    ("post", UPLOADS, 501): lambda world: world.load("upload").post(
        UPLOADS, json={"file_name": "a.jpg"}
    ),
}
MARKED = json.dumps({"object_id": UNKNOWN, "diameter_mm": 1})
for _path, _unknown in ((SCALE, {"image_id": UNKNOWN}), (BATCH_SCALE, {"batch": "c"})):
    PROVOKED |= {
        ("put", _path, 200): lambda world, path=_path: world.scale(path),
        ("put", _path, 400): lambda world, path=_path: world.scale(path, "{"),
        ("put", _path, 404): lambda world, path=_path, ids=_unknown: world.scale(path, **ids),
        ("put", _path, 413): lambda world, path=_path: world.scale(path, " " * 1024**2 + "{}"),
        ("put", _path, 415): lambda world, path=_path: world.scale(path, encoding="gzip"),
        ("put", _path, 422): lambda world, path=_path: world.scale(path, MARKED),
        ("put", _path, 503): lambda world, path=_path: world.without_catalogue(
            lambda: world.load("upload").put(path.format(**world.ids), json={"mm_per_px": 1})
        ),
        ("delete", _path, 404): lambda world, path=_path, ids=_unknown: world.ask(
            "delete", path, ids=ids
        ),
        ("delete", _path, 503): unavailable(_path, "delete"),
    }
PROVOKED |= {
    ("delete", SCALE, 204): lambda world: world.ask("delete", SCALE),
    ("delete", SCALE, 400): malformed(SCALE, "delete"),
    ("delete", BATCH_SCALE, 204): World.remove_batch_scale,
    ("delete", BATCH_SCALE, 400): lambda world: world.ask("delete", BATCH_SCALE + "?x=1"),
}

EXPORT = "/export"


def too_large_workbook(world):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbook, "MAX_ROWS", 0)
        return world.get("/export?format=xlsx")


PROVOKED |= {
    ("get", EXPORT, 200): lambda world: world.get("/export?format=csv"),
    ("get", EXPORT, 400): lambda world: world.get(EXPORT),
    ("get", EXPORT, 422): too_large_workbook,
    ("get", EXPORT, 503): unavailable("/export?format=coco"),
}
JOB, TABLE = "/exports/{export_id}", "/exports/{export_id}/content"


def begin_job(world):
    return world.ask("post", "/exports?format=csv")


def written_job(world, path):
    """Ask for a job once it is done."""
    export_id = begin_job(world).json["export_id"]
    assert load_services().background.drain(timeout_s=10)
    return world.ask("get", path, ids={"export_id": export_id})


def waiting_job(world):
    """Ask for a job that another process writes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Background, "submit", lambda *_, key: None)
        export_id = begin_job(world).json["export_id"]
        return world.ask("get", JOB, ids={"export_id": export_id})


def without_store(world, ask):
    world.load("export", store="s3", s3_endpoint="http://127.0.0.1:9", s3_access_key="a",
               s3_secret_key="b", s3_timeout_s="0.2")  # fmt: skip
    return ask()


PROVOKED |= {
    ("post", "/exports", 202): begin_job,
    ("post", "/exports", 400): lambda world: world.ask("post", "/exports?format=x"),
    ("post", "/exports", 503): lambda world: without_store(world, lambda: begin_job(world)),
    ("get", JOB, 200): lambda world: written_job(world, JOB),
    ("get", JOB, 202): waiting_job,
    ("get", TABLE, 200): lambda world: written_job(world, TABLE),
}
for _path in (JOB, TABLE):
    PROVOKED |= {
        ("get", _path, 400): lambda world, path=_path: world.ask(
            "get", path, ids={"export_id": "7"}
        ),
        ("get", _path, 404): lambda world, path=_path: world.get(path),
        ("get", _path, 503): lambda world, path=_path: without_store(
            world, lambda: world.get(path)
        ),
    }
for _path in (THUMBNAIL, OVERLAY, CROP):
    PROVOKED |= {
        ("get", _path, 200): lambda world, path=_path: world.get(path),
        ("get", _path, 304): lambda world, path=_path: world.current(path),
        ("get", _path, 400): malformed(_path),
        ("get", _path, 404): unknown(_path),
        ("get", _path, 413): lambda world, path=_path: world.picture_of(path, png_bomb()),
        ("get", _path, 415): lambda world, path=_path: world.picture_of(path, b"text"),
        ("get", _path, 422): lambda world, path=_path: world.picture_of(path, png()[:100]),
        ("get", _path, 500): lambda world, path=_path: world.damaged("get", path),
        ("get", _path, 503): unavailable(_path),
    }

ALL = json.dumps({"name": "bo", "scopes": ["all"]})
TOKEN = json.dumps({"name": "anna", "scopes": ["images:read"]})


def signed_in(world):
    """Begin a session with a new token."""
    token = world.load("upload").post("/tokens/", data=TOKEN).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    return world.load("upload", access="tokens").post("/session", headers=headers)


def revoked(world):
    made = world.load("upload").post("/tokens/", data=TOKEN).json
    return world.ask("delete", ONE_TOKEN, ids={"token_id": made["token_id"]})


PROVOKED |= {
    ("get", "/whoami", 200): lambda world: world.get("/whoami"),
    ("get", "/whoami", 400): lambda world: world.get("/whoami?x=1"),
    ("post", "/session", 201): signed_in,
    ("post", "/session", 400): lambda world: world.ask("post", "/session?x=1"),
    ("delete", "/session", 204): lambda world: world.ask("delete", "/session"),
    ("delete", "/session", 400): lambda world: world.ask("delete", "/session?x=1"),
    ("get", TOKENS, 200): lambda world: world.get(TOKENS),
    ("get", TOKENS, 400): lambda world: world.get(f"{TOKENS}?x=1"),
    ("get", TOKENS, 503): unavailable(TOKENS),
    ("post", TOKENS, 201): lambda world: world.send_token(TOKEN),
    ("post", TOKENS, 400): lambda world: world.send_token("{}"),
    ("post", TOKENS, 413): lambda world: world.send_token(" " * 1024**2 + "{}"),
    ("post", TOKENS, 415): lambda world: world.send_token(TOKEN, "gzip"),
    ("post", TOKENS, 503): lambda world: world.without_catalogue(lambda: world.send_token(TOKEN)),
    ("delete", ONE_TOKEN, 204): revoked,
    ("delete", ONE_TOKEN, 400): lambda world: world.ask("delete", f"{ONE_TOKEN}?x=1"),
    ("delete", ONE_TOKEN, 404): lambda world: world.ask("delete", ONE_TOKEN),
    ("delete", ONE_TOKEN, 503): unavailable(ONE_TOKEN, "delete"),
}


def over_limit(world, path, kind):
    """Do twice what is allowed once a minute. The second may be in the next minute."""
    token = world.load("upload").post("/tokens/", data=ALL).json["token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/png"}
    limit = {f"{kind}_per_minute": 1}
    client = world.load("upload", access="tokens", **limit)
    body = {"data": png()} if path == "/images/" else {}
    answers = [client.post(path.format(**world.ids), headers=headers, **body) for _ in range(3)]
    return next(answer for answer in answers if answer.status_code == 429)


PROVOKED |= {
    ("post", "/images/", 429): lambda world: over_limit(world, "/images/", "uploads"),
    ("post", DETECTIONS, 429): lambda world: over_limit(world, DETECTIONS, "detections"),
}

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
TAGS = {each["name"] for each in CONTRACT["tags"]} - {"all"}
PROMISED = {
    (method, path, int(status)): operation["tags"]
    for path, item in CONTRACT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
    for status in operation["responses"]
    if {*TARGETS, "all"} & set(operation["tags"])
}


@pytest.mark.parametrize("promised", PROMISED, ids=lambda each: f"{each[0]} {each[1]} {each[2]}")
def test_every_promised_answer_can_be_provoked(load, predicted, predictor, volume, promised):
    assert promised in PROVOKED, "the contract promises an answer that is not provoked here"

    response = PROVOKED[promised](World(load, predicted, predictor, volume))

    method, path, status = promised
    assert (response.request.method.lower(), response.status_code) == (
        method,
        status,
    )  # the client checks the rest
    assert bool(response.data) is (status not in (204, 304))


def test_provoked_answers_are_all_promised():
    if set(TARGETS) >= TAGS:  # else an optional function was deleted
        assert set(PROVOKED) - set(PROMISED) == set()


@pytest.mark.parametrize("function", TARGETS)
def test_function_serves_only_routes_with_its_tag(load, function):
    client = load(function)
    for (method, path, _), tags in PROMISED.items():
        ids = dict.fromkeys(("image_id", "object_id", "event_id", "export_id"), UNKNOWN)
        asked = path.format(**ids, batch="b", token_id="0" * 16)
        if not {function, "all"} & set(tags):
            assert (
                client.open(asked, method=method.upper())
                .json["type"]
                .endswith(("not-found", "method-not-allowed"))
            )
            continue
        response = client.open(asked, method=method.upper())
        known = response.status_code < 400 or "openapi" not in response.json["detail"]
        assert known and response.status_code != 405, asked


SCOPES = {
    "images:read",
    "images:write",
    "images:delete",
    "detections:write",
    "deliveries:admin",
    "tokens:admin",
    "any",
    "none",
}


def test_every_route_names_its_scope():
    for path, item in CONTRACT["paths"].items():
        for method in METHODS & set(item):
            scope = item[method]["x-scope"]
            assert scope in SCOPES, (method, path)
            assert (scope == "none") == ("all" in item[method]["tags"]), (method, path)


def test_schemas_are_valid_json_schema():
    assert CONTRACT["openapi"].startswith("3.1.")
    for name, schema in CONTRACT["components"]["schemas"].items():
        assert Draft202012Validator.check_schema(schema) is None, name


PROBLEM = {
    "type": "urn:circles:problem:not-found",
    "title": "Not found",
    "status": 404,
    "detail": "Look elsewhere.",
    "instance": "urn:circles:request:1",
}
HEALTH = ("GET", "/health/liveness", 200, {"Content-Type": "application/json"})
WRONG = {
    "a status that is not listed": (
        "GET",
        "/health/liveness",
        201,
        {"Content-Type": "application/json"},
        {},
    ),
    "another content type": (
        "GET",
        "/health/liveness",
        200,
        {"Content-Type": "text/plain"},
        {"status": "alive"},
    ),
    "a body without its field": (*HEALTH, {}),
    "a field of another type": (*HEALTH, {"status": 1}),
    "a required header that is missing": (
        "GET",
        f"/images/{UNKNOWN}/objects",
        200,
        {"Content-Type": "application/json"},
        [],
    ),
    "a header with another value": (
        "GET",
        f"/images/{UNKNOWN}/objects",
        200,
        {"Content-Type": "application/json", "Image-Status": "new"},
        [],
    ),
    "a path that is not there and answers": (
        "GET",
        "/nothing",
        200,
        {"Content-Type": "application/json"},
        {},
    ),
    "a problem that is plain JSON": (
        "GET",
        "/nothing",
        404,
        {"Content-Type": "application/json"},
        PROBLEM,
    ),
    "a problem without words": (
        "GET",
        "/nothing",
        404,
        {"Content-Type": "application/problem+json"},
        {**PROBLEM, "detail": ""},
    ),
    "a problem of another status": (
        "GET",
        "/nothing",
        404,
        {"Content-Type": "application/problem+json"},
        {**PROBLEM, "status": 400},
    ),
    "a 405 without Allow": (
        "PUT",
        "/nothing",
        405,
        {"Content-Type": "application/problem+json"},
        {**PROBLEM, "status": 405},
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_check_answer_detects_violations(case):
    method, path, status, headers, document = WRONG[case]

    with pytest.raises(AssertionError, match=f"{method} {path} answered {status}"):
        check_answer(method, path, status, headers, json.dumps(document).encode())


def test_every_format_is_in_the_contract():
    sent = CONTRACT["paths"]["/images/"]["post"]["requestBody"]["content"]
    responses = CONTRACT["paths"][CONTENT]["get"]["responses"]

    assert set(EXTENSIONS) <= set(sent)
    assert set(EXTENSIONS) == set(responses["200"]["content"]) == set(responses["206"]["content"])
