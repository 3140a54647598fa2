"""
Apply the catalogue's migrations, one file each.

A file's name is recorded in each catalogue. Never edit or rename one: add another, and its
name to SCHEMA of connections.py. The numbers give the order.
"""

import sqlite3
from importlib import import_module

from sqlite_utils import Database, Migrations

from circles.adapters.sqlite.connections import SCHEMA

migrations = Migrations("circles")

for _name in sorted(SCHEMA):
    migrations(name=_name)(import_module(f"{__package__}.{_name}").apply)


def migrate(connection: sqlite3.Connection) -> None:
    """Apply missing migrations in the caller's transaction. Each runs as a savepoint in it."""
    migrations.apply(Database(connection, execute_plugins=False))
