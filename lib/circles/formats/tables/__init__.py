"""
Tables of what was found, in the formats of other programs.

Each writer is a generator of pieces: it takes entries and keeps none of them. Its last piece says
that the export is complete, and how much it holds.
"""
