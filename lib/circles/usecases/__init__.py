"""
Define what the project does, one module per verb.

A picture is stored in four steps: its blob, its row, the detection outside any transaction, then
objects and status in one transaction. A crash between two steps leaves a pending image or a blob
without a row, and never a partial answer. repair_images completes both.
"""
