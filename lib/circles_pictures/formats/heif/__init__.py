"""HEIC and AVIF (ISO/IEC 23008-12), decoded by libheif and libavif in a process of their own."""

from circles_pictures.formats.heif.source import HeifSource as HeifSource
