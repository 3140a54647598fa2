"""BMP (Windows' and OS/2's bitmap headers), in bands of its rows."""

from circles_pictures.formats.bmp.source import BmpSource as BmpSource
