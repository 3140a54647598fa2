"""PNG (W3C, third edition): checked with zlib alone, decoded by Pillow."""

from circles_pictures.formats.png.source import PngSource as PngSource
