"""TIFF 6.0 and BigTIFF: our own reading of the tags, libtiff's of the pixels, in bands."""

from circles_pictures.formats.tiff.source import TiffSource as TiffSource
