"""Circles: a picture in, every round thing in it out. Start reading at usecases.py; bootstrap.py joins the parts."""

__version__ = "0.1.0"
