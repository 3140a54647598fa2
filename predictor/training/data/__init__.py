"""
Prepare what training sees.

These are crops of photographs, of rendered scenes and of empty pictures. Start reading at
batches.py.
"""
