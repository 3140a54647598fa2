"""circles deliveries, tokens, whoami and completion."""

from __future__ import annotations

from typing import Any

import click

from circles_client.commands.context import as_json, connect
from circles_client.commands.output import Column, Table, minutes, print_document, readable

_sink = click.option("--sink", metavar="NAME", help="Only of this receiver.")


@click.group(invoke_without_command=True)
@_sink
@click.option("--state", type=click.Choice(["waiting", "aside"]),
              help="Still to be sent, or laid aside.")  # fmt: skip
@as_json
@click.pass_context
def deliveries(ctx: click.Context, sink: str | None, state: str | None, as_json: bool) -> None:
    """List events that were not accepted, or replay one."""
    if ctx.invoked_subcommand is None:
        _print_deliveries(connect().deliveries(sink=sink, state=state), as_json)


@deliveries.command()
@click.argument("event_id")
@_sink
@as_json
def replay(event_id: str, sink: str | None, as_json: bool) -> None:
    """Send an event again, under the same id."""
    _print_deliveries(connect().replay(event_id, sink=sink), as_json)


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def tokens(ctx: click.Context, as_json: bool) -> None:
    """List the tokens; or make or revoke one."""
    if ctx.invoked_subcommand is not None:
        return
    table = Table(
        Column("TOKEN", 16), Column("NAME", 16), Column("CREATED", 17), Column("EXPIRES", 17),
        Column("USED", 17), Column("REVOKED", 17), Column("SCOPES"),
    )  # fmt: skip
    for row in connect().tokens():
        if as_json:
            print_document(row)
        else:
            times = [row[name] for name in ("created_at", "expires_at", "used_at", "revoked_at")]
            table.add(
                row["token_id"], row["principal"], *map(minutes, times), " ".join(row["scopes"])
            )


@tokens.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, metavar="SCOPE",
              help="What it may do, such as images:read; may be given again.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 36500), help="It expires after so many.")
@as_json
def create(name: str, scopes: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Make a token and print it: it cannot be read again."""
    from datetime import UTC, datetime, timedelta

    end = datetime.now(UTC) + timedelta(days=days) if days else None
    expires_at = f"{end:%Y-%m-%dT%H:%M:%SZ}" if end else None
    made = connect().create_token(name, scopes, expires_at=expires_at)
    if as_json:
        print_document(made)
    else:
        click.echo(made["token"])


@tokens.command()
@click.argument("token_id")
def revoke(token_id: str) -> None:
    """Revoke a token, named by the second part of it."""
    connect().revoke_token(token_id)


@click.command()
@as_json
def whoami(as_json: bool) -> None:
    """Show the sender, and what it may do."""
    sender = connect().whoami()
    if as_json:
        print_document(sender)
        return
    click.echo(f"principal  {readable(sender['principal'] or '-')}")
    click.echo(f"access     {sender['access']}")
    click.echo(f"scopes     {' '.join(sender['scopes'])}")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """
    Print what makes a shell complete these commands.

    \b
    bash  circles completion bash >> ~/.bashrc
    zsh   circles completion zsh >> ~/.zshrc
    fish  circles completion fish > ~/.config/fish/completions/circles.fish
    """
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root()
    found = get_completion_class(shell)
    assert found is not None  # click has all three
    click.echo(found(root.command, {}, "circles", "_CIRCLES_COMPLETE").source())


def _print_deliveries(rows: Any, as_json: bool) -> None:
    table = Table(
        Column("EVENT", 36), Column("TIME", 17), Column("STATE", 7), Column("TRIES", 5, True),
        Column("SINK", 24), Column("TYPE", 28), Column("ERROR"),
    )  # fmt: skip
    for row in rows:
        if as_json:
            print_document(row)
        else:
            table.add(
                row["event_id"], minutes(row["time"]), row["state"], row["attempts"], row["sink"],
                row["type"], row["error"],
            )  # fmt: skip
