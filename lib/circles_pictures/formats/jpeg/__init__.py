"""JPEG (ITU-T T.81), decoded by Pillow's libjpeg-turbo."""

from circles_pictures.formats.jpeg.source import JpegSource as JpegSource
