"""
The limits of what is read, for both functions and predictor.

Each bounds memory or time, and is checked before a byte is decoded.
"""

MIB = 1024 * 1024

MAX_PICTURE_BYTES = 32 * MIB
"""The largest encoded picture, and the largest upright copy that is made of one."""
MAX_PIXELS = 50_000_000
"""Width times height; an installation may set less."""
COSTLY_PIXELS = 25_000_000
COSTLY_BYTES = 8 * MIB
"""Larger pictures take far longer than usual photographs, which do not wait for them."""
MAX_SIDE_PX = 65_535
"""What a JPEG or GIF can say."""
MAX_SIDE_RATIO = 10_000
"""The longer side divided by the shorter."""
MAX_DECODING_BYTES = 512 * MIB
"""The most memory that reading one picture may take at its peak."""
MAX_DECODING_S = 4.0
"""CPU time of a separate process (HEIC, AVIF), which may run twice: check, and upright copy."""

MAX_JPEG_SEGMENTS = 4096
"""An ICC profile has up to 255, a depth map some hundreds."""
MAX_JPEG_ESCAPES = 1_000_000
"""
Bytes FF that begin no segment: coded FF, restarts, fill bytes where they are few.

Noise has 200,000 in 32 MiB, and 50 grey megapixels have 781,250 restarts at most.
"""
MAX_JPEG_TABLE_BYTES = MIB
"""All tables before the first scan: four of 512 bytes and eight of 273 say everything."""
MAX_JPEG_SCANS = 100
MAX_JPEG_SCANNED_BLOCKS = 60_000_000
"""Scans times blocks of 8 x 8 samples. A usual 50-megapixel progressive JPEG has 24 million."""
MAX_PNG_CHUNKS = 32_768
"""32 MiB in pieces of 1 KiB; writers use 8 KiB and more."""
MAX_PROFILE_BYTES = 4 * MIB
"""An ICC profile; those of printing presses have up to 2.5 MiB. A larger one is not looked at."""
MAX_EXIF_BYTES = 65_533
"""Of a PNG or WebP; a JPEG's cannot be longer."""
MAX_GIF_EXTENSIONS = 4096
"""Before the first frame."""
MAX_GIF_BLOCKS = 262_144
"""Data blocks up to the end of the first frame. 32 MiB of full ones are 131,072."""
MAX_BMP_RLE_BYTES = 4 * MIB
MAX_BMP_RUNS = 250_000
"""Python takes a microsecond for each. A photograph's runs are long, because they are literal."""
MAX_WEBP_CHUNKS = 1024
"""How many are looked at, those inside the first frame of an animation too."""
MAX_TIFF_PAGES = 64
"""How many directories are looked at for the page that is not a thumbnail."""
MAX_TIFF_TAGS = 4096
MAX_TIFF_TAGS_OF_ALL = 16_384
"""Of one page, and of all that are looked at together."""
MAX_TIFF_JPEGS = 65_536
"""Strips or tiles of JPEG. 50 megapixels in tiles of 32 x 32 pixels are 48,829."""
MAX_TIFF_JPEG_SEGMENTS = 32_768
"""In headers that differ from the one before; tiles of 256 x 256 pixels have 5,000 at most."""
MAX_TIFF_PIECES = 600_000
"""Strips or tiles of a page. 50 megapixels in tiles of 16 x 16 pixels are 195,313 a plane."""
MAX_TIFF_SHARING = 2
"""Limit of the length of all pieces together, in lengths of the file, as each is decoded alone."""
MAX_HEIF_BOXES = 4096
