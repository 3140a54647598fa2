"""Test who a request is from."""

from datetime import timedelta

import pytest

from circles.domain.access.principals import EVERYBODY, AccessRules, Credentials, Forwarded
from circles.domain.access.tokens import NewToken
from circles.domain.errors import Forbidden, Malformed, Unauthorized, Unavailable
from circles.usecases.access.identify import USE_EXACT_TO, access, identify
from circles.usecases.access.manage import create_token, revoke_token
from circles.usecases.access.sessions import begin_session, end_session
from tests.unit.fakes.services import FakeServices

DAY = timedelta(days=1)
SECRET = "s" * 32
PROXY = AccessRules(
    trusted_header="Remote-User",
    trusted_secret=SECRET,
    groups={"staff": frozenset({"images:read"}), "admins": frozenset({"tokens:admin"})},
)


@pytest.fixture
def services():
    return FakeServices()


def create(services, *scopes, expires_at=None):
    text, _ = create_token(NewToken("anna", scopes or ("images:read",), expires_at), services)
    return text


def bearer(text):
    return Credentials(f"Bearer {text}")


def sign_in(services, text):
    cookie, _ = begin_session(identify(bearer(text), services), services)
    return Credentials(session=cookie)


def test_open_access_identifies_everybody(services):
    services.access = AccessRules(is_open=True)
    services.tokens.is_away = True

    assert access(services).identify(Credentials()) == EVERYBODY


def test_token_identifies_its_principal(services):
    text = create(services, "images:read", "images:write", expires_at=services.now() + DAY)

    sender = access(services).identify(bearer(text))

    assert (sender.name, sender.scopes) == ("anna", {"images:read", "images:write"})
    assert (sender.expires_at, sender.is_ambient) == (services.now() + DAY, False)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_scheme_is_case_insensitive(services, scheme):
    assert identify(Credentials(f"{scheme} {create(services)}"), services).name == "anna"


WRONG = {
    "nothing": "",
    "another scheme": "Basic {}",
    "no scheme": "{}",
    "a NUL": "Bearer {}\0",
    "10 kB": "Bearer {}" + "0" * 10_000,
    "twice": "Bearer {0}, Bearer {0}",
    "upper case": "Bearer CRC{}",
    "a session's form": "Bearer crs_" + "0" * 16 + "_" + "0" * 64,
    "of another installation": "Bearer crc_" + "0" * 16 + "_" + "0" * 64,
    "half": "Bearer crc_",
    "not ASCII": "Bearer {}ä",
    "a surrogate": "Bearer {}\udcff",
    "another digit": "Bearer {}",
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_token_is_refused(services, case):
    text = create(services)
    if case == "another digit":
        text = text[:-1] + ("0" if text[-1] != "0" else "1")

    with pytest.raises(Unauthorized) as refused:
        identify(Credentials(WRONG[case].format(text)), services)

    assert refused.value.is_invalid
    assert text.rpartition("_")[2] not in str(refused.value)


def test_missing_token_is_not_called_invalid(services):
    with pytest.raises(Unauthorized) as refused:
        identify(Credentials(), services)

    assert not refused.value.is_invalid


def test_expired_token_is_refused(services):
    text = create(services, expires_at=services.now() + DAY)
    services.clock += DAY

    with pytest.raises(Unauthorized, match="expired"):
        identify(bearer(text), services)


def test_revoked_token_is_refused(services):
    text = create(services)
    revoke_token(text.split("_")[1], services)

    with pytest.raises(Unauthorized, match="revoked"):
        identify(bearer(text), services)


def test_clock_that_goes_back_refuses_no_token(services):
    text = create(services)
    identify(bearer(text), services)
    services.run_background()
    services.clock -= DAY

    assert identify(bearer(text), services).name == "anna"


def test_unavailable_catalogue_lets_nobody_in(services):
    text = create(services)
    cookie = sign_in(services, text)
    services.tokens.is_away = True

    for given in (bearer(text), cookie):
        with pytest.raises(Unavailable):
            identify(given, services)


def test_only_digests_are_stored(services):
    text = create(services)
    sign_in(services, text)

    stored = repr((services.tokens.tokens, services.tokens.sessions))
    assert text.rpartition("_")[2] not in stored


def test_last_use_is_stored_once_an_hour(services):
    text = create(services)
    identify(bearer(text), services)
    assert len(services.background) == 1
    services.run_background()
    first = services.tokens.find(text.split("_")[1]).used_at

    services.clock += USE_EXACT_TO / 2
    identify(bearer(text), services)
    assert services.background == {}

    services.clock += USE_EXACT_TO / 2
    identify(bearer(text), services)
    services.run_background()
    assert services.tokens.find(text.split("_")[1]).used_at == first + USE_EXACT_TO


def test_last_use_that_cannot_be_stored_is_harmless(services):
    identify(bearer(create(services)), services)
    services.tokens.is_away = True

    services.run_background()


def test_session_has_the_rights_of_its_token(services):
    given = sign_in(services, create(services, "images:read"))

    sender = identify(given, services)

    assert (sender.name, sender.scopes, sender.is_ambient) == ("anna", {"images:read"}, True)
    assert sender.expires_at == services.now() + services.access.session_lifetime


def test_session_ends_with_its_time_or_token(services):
    text = create(services, expires_at=services.now() + timedelta(hours=1))
    given = sign_in(services, text)
    assert identify(given, services).expires_at == services.now() + timedelta(hours=1)

    services.clock += timedelta(hours=1)
    with pytest.raises(Unauthorized, match="expired"):
        identify(given, services)


def test_revoked_token_ends_its_sessions(services):
    text = create(services)
    given = sign_in(services, text)

    revoke_token(text.split("_")[1], services)

    with pytest.raises(Unauthorized, match="not known"):
        identify(given, services)


def test_ended_session_is_refused(services):
    given = sign_in(services, create(services))

    end_session(identify(given, services), services)

    with pytest.raises(Unauthorized):
        identify(given, services)


def test_tampered_cookie_is_refused(services):
    cookie = sign_in(services, create(services)).session

    for wrong in (cookie[:-1] + "g", cookie[::-1], "", cookie + "0", cookie.replace("crs", "crc")):
        with pytest.raises(Unauthorized):
            identify(Credentials(session=wrong), services)


def test_session_is_begun_by_a_token_only(services):
    cookie = sign_in(services, create(services))

    for sender in (identify(cookie, services), EVERYBODY):
        with pytest.raises(Forbidden):
            begin_session(sender, services)


def test_wrong_token_is_not_saved_by_a_session(services):
    cookie = sign_in(services, create(services)).session

    with pytest.raises(Unauthorized):
        identify(Credentials("Bearer x", cookie), services)


def test_trusted_proxy_names_user_and_groups(services):
    services.access = PROXY

    sender = identify(
        Credentials(forwarded=Forwarded("bo@example.com", "staff, others", SECRET)), services
    )

    assert (sender.name, sender.scopes, sender.is_ambient) == (
        "bo@example.com",
        {"images:read"},
        True,
    )


@pytest.mark.parametrize("secret", ["", "s" * 31, "S" * 32, "ä" * 32])
def test_proxy_without_the_secret_is_ignored(services, secret):
    services.access = PROXY

    with pytest.raises(Unauthorized):
        identify(Credentials(forwarded=Forwarded("bo", "admins", secret)), services)


def test_proxy_is_ignored_without_a_secret_of_ours(services):
    with pytest.raises(Unauthorized):
        identify(Credentials(forwarded=Forwarded("bo", "admins", "")), services)


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 101, " bo", "<b>"])
def test_proxy_user_without_a_name_is_refused(services, name):
    services.access = PROXY

    with pytest.raises(Unauthorized):
        identify(Credentials(forwarded=Forwarded(name, "staff", SECRET)), services)


IMPOSSIBLE = {
    "no scope": NewToken("anna", ()),
    "an unknown scope": NewToken("anna", ("images:all",)),
    "all and another": NewToken("anna", ("all", "images:read")),
    "a line end": NewToken("an\nna", ("all",)),
    "no name": NewToken("", ("all",)),
    "a long name": NewToken("a" * 101, ("all",)),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_impossible_token_is_malformed(services, case):
    with pytest.raises(Malformed):
        create_token(IMPOSSIBLE[case], services)

    assert services.tokens.tokens == {}


def test_token_cannot_expire_in_the_past(services):
    with pytest.raises(Malformed):
        create(services, expires_at=services.now())
