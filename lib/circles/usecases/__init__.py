"""
What the project does: one name for each use case, each in the module of its verb.

A picture's way: blob, then row, then detection outside any transaction, then objects and status in one transaction.
A crash between any two steps leaves a pending image or an unnamed blob, never half an answer; repair_images takes
both up again.
"""
