"""
Apply the catalogue's migrations, one file each.

A file's name is recorded in each catalogue. Never edit or rename one: add another, here and in
SCHEMA of connections.py.
"""

import sqlite3
from importlib import import_module

from sqlite_utils import Database, Migrations

migrations = Migrations("circles")

for _name in (
    "m001_images_detections_objects",
    "m002_events_and_repair",
    "m003_claims_of_their_own",
    "m004_counting",
    "m005_access",
    "m006_deliveries",
    "m007_sizes",
):
    migrations(name=_name)(import_module(f"{__package__}.{_name}").apply)


def migrate(connection: sqlite3.Connection) -> None:
    """Apply missing migrations in the caller's transaction. Each runs as a savepoint in it."""
    migrations.apply(Database(connection, execute_plugins=False))
