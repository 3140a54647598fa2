"""Run `python -m circles.tokens`: create, import, list and revoke tokens beside the catalogue."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from circles.bootstrap import ConfiguredServices, build
from circles.domain.access.principals import SCOPES
from circles.domain.access.tokens import NewToken
from circles.domain.errors import CirclesError, Malformed
from circles.settings import Settings, SettingsError
from circles.usecases.access.manage import create_token, import_token, revoke_token


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the token, or one line for each; exit with 1 if that is not possible."""
    given = _parse(arguments)
    try:
        given.run(given, build(Settings.from_env()))
    except (CirclesError, SettingsError, OSError, UnicodeError) as error:
        sys.exit(f"circles.tokens: {error}")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m circles.tokens", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="create|import|list|revoke")
    create = verbs.add_parser("create", help="print a new token, once")
    create.set_defaults(run=_create)
    imported = verbs.add_parser("import", help="store a token of a file, such as a Secret's")
    imported.add_argument("file", type=Path)
    imported.add_argument(
        "--replace", action="store_true", help="if it is new, revoke those that had its name"
    )
    imported.set_defaults(run=_import)
    for parser_of_new in (create, imported):
        _describe_new(parser_of_new)
    verbs.add_parser("list", help="print every token").set_defaults(run=_list)
    revoke = verbs.add_parser("revoke", help="end a token and its sessions at once")
    revoke.add_argument("id", help="the second part of the token")
    revoke.set_defaults(run=_revoke)
    return parser.parse_args(arguments)


def _describe_new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="the principal, as created_by shows it")
    parser.add_argument(
        "--scope", required=True, action="append", choices=[*SCOPES, "all"], metavar="SCOPE",
        help=f"once or more: {', '.join(SCOPES)}; or all",
    )  # fmt: skip
    parser.add_argument("--days", type=int, help="until it expires; without, it does not")


def _create(given: argparse.Namespace, services: ConfiguredServices) -> None:
    text, _ = create_token(_wanted(given, services), services)
    print(text)


def _import(given: argparse.Namespace, services: ConfiguredServices) -> None:
    text, wanted = given.file.read_text().strip(), _wanted(given, services)
    is_new = import_token(text, wanted, services, replace=given.replace)
    print("stored" if is_new else "known already")


def _wanted(given: argparse.Namespace, services: ConfiguredServices) -> NewToken:
    try:
        expires_at = None if given.days is None else services.now() + timedelta(days=given.days)
    except OverflowError as error:
        raise Malformed("--days is out of range.") from error
    return NewToken(given.name, given.scope, expires_at)


def _list(_: argparse.Namespace, services: ConfiguredServices) -> None:
    now = services.now()
    for token in services.tokens.all():
        state = "valid"
        if token.revoked_at:
            state = "revoked"
        elif token.expires_at and token.expires_at <= now:
            state = "expired"
        row = (
            token.token_id,
            state,
            f"created {_day(token.created_at)}",
            f"expires {_day(token.expires_at)}",
            f"used {_day(token.used_at)}",
            token.principal,
            " ".join(sorted(token.scopes)),
        )
        print("  ".join(row))


def _revoke(given: argparse.Namespace, services: ConfiguredServices) -> None:
    revoke_token(given.id, services)


def _day(moment: datetime | None) -> str:
    return moment.astimezone(UTC).date().isoformat() if moment else "never"


if __name__ == "__main__":
    main()
