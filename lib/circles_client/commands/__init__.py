"""The command line. Modules import click alone; what talks HTTP is imported by the command."""
