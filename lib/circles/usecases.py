"""
What the project does: one name for each use case, each in the module of its verb.

A picture's way: blob, then row, then detection outside any transaction, then objects and status in one transaction.
A crash between any two steps leaves a pending image or an unnamed blob, never half an answer; repair_images takes
both up again.
"""

from circles.announcing import dispatch_outbox
from circles.deleting import delete_image
from circles.detecting import detect_again
from circles.ingesting import register_objects
from circles.registering import register_object
from circles.repairing import RepairReport, repair_images
from circles.uploading import upload_image

__all__ = [
    "RepairReport",
    "delete_image",
    "detect_again",
    "dispatch_outbox",
    "register_object",
    "register_objects",
    "repair_images",
    "upload_image",
]
