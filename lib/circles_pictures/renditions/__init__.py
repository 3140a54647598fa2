"""
Makes pictures for people of checked ones: upright, sRGB, without metadata.

shrinking.py  reads a picture smaller, or whole
cropping.py   reads a part of one
colour.py     makes sRGB of its colours, profiles.py says of which profiles
rings.py      draws circles, numbers and a caption
encoding.py   JPEG and PNG
"""
