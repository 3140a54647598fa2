"""Test tokens, sessions and hosts through the functions."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime

import pytest

from circles import tokens as command
from tests.functions.conftest import ROOT
from tests.functions.pictures import png

READ = ("images:read",)
LOCAL = {"Origin": "http://localhost"}


def sign_in(client, headers, **more):
    response = client.post("/session", headers={**headers, **more})
    assert response.status_code == 201
    return {"Cookie": response.headers["Set-Cookie"].partition(";")[0]}


def test_sender_is_told_what_it_may_do(closed, bearer, load):
    told = closed("list").get("/whoami", headers=bearer(*READ)).json
    assert told == {
        "principal": "anna", "scopes": ["images:read"], "access": "tokens", "expires": None
    }  # fmt: skip

    told = load("list", access="open").get("/whoami").json
    assert (told["principal"], told["access"], len(told["scopes"])) == (None, "open", 6)


def test_token_over_http_works_until_it_is_revoked(closed, bearer):
    admin, upload, objects = bearer("tokens:admin"), closed("upload"), closed("list")
    body = {"name": "Bo K.", "scopes": ["images:read"], "expires_at": "2099-01-01T00:00:00Z"}
    made = upload.post("/tokens/", json=body, headers=admin)
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    headers = {"Authorization": f"Bearer {made.json['token']}"}
    assert objects.get("/images/", headers=headers).status_code == 200

    rows = objects.get("/tokens/", headers=admin).json["tokens"]
    [row] = [row for row in rows if row["token_id"] == made.json["token_id"]]
    assert (row["principal"], row["created_by"], row["revoked_at"]) == ("Bo K.", "anna", None)
    assert not any("token" in row or "digest" in row for row in rows)

    gone = upload.delete(f"/tokens/{row['token_id']}", headers=admin)
    assert gone.status_code == 204
    assert upload.delete(f"/tokens/{row['token_id']}", headers=admin).status_code == 204
    assert objects.get("/images/", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a"},
        {"name": 1, "scopes": ["all"]},
        {"name": "a", "scopes": "all"},
        {"name": "a", "scopes": [1]},
        {"name": "a", "scopes": ["images:all"]},
        {"name": "a", "scopes": ["all"], "expires_at": "tomorrow"},
        {"name": "a", "scopes": ["all"], "expires_at": "2001-01-01T00:00:00Z"},
        {"name": "a", "scopes": ["all"], "secret": "x"},
        {"name": "a\x00", "scopes": ["all"]},
    ],
)
def test_impossible_token_is_malformed(closed, bearer, body):
    response = closed("upload").post("/tokens/", json=body, headers=bearer())

    assert response.status_code == 400


def test_cookie_is_for_no_script_and_no_other_site(closed, bearer):
    local = closed("upload").post("/session", headers=bearer())
    public = closed("upload", hosts="a.example").post(
        "/session", headers=bearer(), base_url="http://a.example"
    )

    assert local.headers["Set-Cookie"].startswith("circles=crs_")
    assert public.headers["Set-Cookie"].startswith("__Host-circles=crs_")
    for response in (local, public):
        cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
        assert ("Secure" in cookie) == (response is public)
        assert "Domain" not in cookie
        assert response.headers["Cache-Control"] == "no-store"
        until = datetime.fromisoformat(response.json["expires"])
        assert 11 < (until - datetime.now(until.tzinfo)).total_seconds() / 3600 <= 12


def test_session_ends_when_it_is_ended(closed, bearer):
    upload, objects = closed("upload"), closed("list")
    cookie = sign_in(upload, bearer(*READ))
    assert objects.get("/whoami", headers=cookie).json["principal"] == "anna"

    ended = upload.delete("/session", headers={**cookie, **LOCAL})

    assert ended.status_code == 204
    assert "circles=;" in ended.headers["Set-Cookie"]
    assert objects.get("/whoami", headers=cookie).status_code == 401


TAMPERED = {
    "shorter": lambda text: text[:-1],
    "longer": lambda text: text + "0",
    "another id": lambda text: text.replace("crs_", "crs_0"),
    "upper case": str.upper,
}


@pytest.mark.parametrize("case", TAMPERED)
def test_tampered_cookie_is_refused(closed, bearer, case):
    cookie = sign_in(closed("upload"), bearer())["Cookie"].partition("=")[2]

    response = closed("list").get(
        "/whoami", headers={"Cookie": f"circles={TAMPERED[case](cookie)}"}
    )

    assert response.status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil", "",
                                  "[", "localhost@evil.example"])  # fmt: skip
def test_open_access_is_refused_at_an_unknown_host(load, host):
    client = load("list", access="open")

    for headers in ({"Host": host}, {"Circles-Host": host}):
        assert client.get("/images/", headers=headers).status_code in (400, 403), headers


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST"])
def test_open_access_is_possible_at_a_loopback_host(load, host):
    assert load("list", access="open").get("/images/", headers={"Host": host}).status_code == 200


def test_page_of_another_site_changes_nothing(load):
    client = load("upload", access="open")

    foreign = client.post("/images/", data=png(), headers={"Origin": "https://evil.example"})
    null = client.post("/images/", data=png(), headers={"Origin": "null"})
    other_port = client.post("/images/", data=png(), headers={"Origin": "http://localhost:81"})
    own = client.post("/images/", data=png(), headers=LOCAL)

    assert [each.status_code for each in (foreign, null, other_port, own)] == [403, 403, 403, 200]


def test_cookie_needs_a_named_host(closed, bearer):
    settings = {"hosts": "a.example .svc.cluster.local"}
    inside, outside = "upload.circles.svc.cluster.local", "https://a.example"
    upload = closed("upload", **settings)
    named = {"Host": inside, "Circles-Host": "a.example"}
    cookie = upload.post("/session", headers={**bearer(), **named})
    cookie = {"Cookie": cookie.headers["Set-Cookie"].partition(";")[0]}

    def ask(host, **headers):
        sent = {**cookie, "Host": host, **headers}
        return upload.post("/tokens/", json={}, headers=sent).status_code

    assert ask(inside, **{"Circles-Host": "a.example", "Origin": outside}) == 400
    assert ask(inside, **{"Circles-Host": "evil.example", "Origin": outside}) == 403
    assert ask("evil.example", **{"Circles-Host": "a.example", "Origin": outside}) == 403
    assert ask(inside, Origin=outside) == 403


@pytest.mark.parametrize("header", ["Host", "Circles-Host"])
def test_session_begins_at_a_named_host_only(closed, bearer, header):
    response = closed("upload", hosts="a.example localhost").post(
        "/session", headers={**bearer(), header: "evil.example"}
    )

    assert (response.status_code, "Set-Cookie" in response.headers) == (403, False)
    assert "CIRCLES_HOSTS" in response.json["detail"]


def test_bearer_needs_no_origin(closed, bearer):
    headers = {**bearer(*READ), "Host": "any.example", "Origin": "https://elsewhere.example"}

    assert closed("list").get("/images/", headers=headers).status_code == 200


def test_trusted_proxy_signs_in(closed):
    secret = "p" * 32
    groups = "staff=images:read"
    client = closed("list", trusted_header="Remote-User", trusted_secret=secret,
                    trusted_groups=groups)  # fmt: skip
    user = {"Remote-User": "bo@example.com", "Remote-Groups": "staff,x"}

    told = client.get("/whoami", headers={**user, "Circles-Proxy-Secret": secret})
    assert (told.json["principal"], told.json["scopes"]) == ("bo@example.com", ["images:read"])
    for wrong in ({}, {"Circles-Proxy-Secret": "p" * 31}):
        assert client.get("/whoami", headers={**user, **wrong}).status_code == 401


@pytest.mark.parametrize("path", ["/images/?token={}", "/images/?access_token={}", "/whoami?{}"])
def test_token_in_a_url_is_refused_and_not_logged(closed, create, log, path):
    text, _ = create()

    response = closed("list").get(path.format(text), headers={"Authorization": f"Bearer {text}"})

    assert response.status_code == 400
    assert "never in a URL" in response.json["detail"]
    assert text not in response.text + log.getvalue()


def test_token_in_a_path_is_not_logged(closed, create, log):
    text, _ = create()

    response = closed("detail").get(f"/images/{text}")

    assert response.status_code == 401
    assert text not in response.text + log.getvalue()
    assert "/images/crc_… 401" in log.getvalue()


def test_token_revoked_during_an_upload_is_finished(closed, create, predictor):
    text, token = create("images:write")
    headers = {"Authorization": f"Bearer {text}", "Content-Type": "image/png"}
    upload = closed("upload", detector="kserve", predictor_url=predictor.url)
    respond = predictor.answer

    def revoke_first(body):
        command.main(["revoke", token.token_id])
        return respond(body) if callable(respond) else respond

    predictor.answer = revoke_first

    assert upload.post("/images/", data=png(), headers=headers).status_code == 200
    assert upload.post("/images/", data=png(), headers=headers).status_code == 401


def run(*arguments):
    done = subprocess.run([sys.executable, "-m", "circles.tokens", *arguments], cwd=ROOT / "lib",
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_command_creates_lists_and_revokes(closed, volume):
    code, out, err = run("create", "--name", "anna", "--scope", "images:read", "--days", "3")
    assert (code, err) == (0, "")
    text = out.strip()
    headers = {"Authorization": f"Bearer {text}"}
    assert closed("list").get("/images/", headers=headers).status_code == 200

    code, out, _ = run("list")
    assert (code, len(out.splitlines())) == (0, 1)
    assert "valid" in out and "anna" in out and "images:read" in out
    assert text.rpartition("_")[2] not in out

    assert run("revoke", text.split("_")[1])[0] == 0
    assert "revoked" in run("list")[1]
    assert closed("list").get("/images/", headers=headers).status_code == 401
    with closing(sqlite3.connect(volume.database)) as connection:
        dump = "\n".join(connection.iterdump())
    assert text.rpartition("_")[2] not in dump


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["create", "--name", "a"], 2),
        (["create", "--name", "a", "--scope", "images:all"], 2),
        (["create", "--name", "\n", "--scope", "all"], 1),
        (["create", "--name", "a", "--scope", "all", "--days", "0"], 1),
        (["create", "--name", "a", "--scope", "all", "--days", "9" * 12], 1),
        (["revoke", "0" * 16], 1),
        ([], 2),
    ],
)
def test_command_says_what_is_wrong(framework, arguments, code):
    ended, out, err = run(*arguments)

    assert (ended, out) == (code, "")
    assert err and "Traceback" not in err
