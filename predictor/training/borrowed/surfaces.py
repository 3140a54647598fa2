"""
Read pictures of surfaces from packages of games and tools.

They show walls, floors, doors, rock, sky and houses, and nothing round.
"""

import fnmatch
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

_SUFFIXES = {".jpg", ".jpeg", ".png"}
_LEAST_BYTES = 40_960
"""Where a lot is taken whole, smaller files are mostly icons or of one colour."""
_LEAST_SIDE_PX, _MOST_ASPECT = 200, 5
_LEAST_OPACITY, _LEAST_CONTRAST = 240, 9


@dataclass(frozen=True, slots=True)
class Lot:
    """
    Pictures of one package.

    prefix: what their names here begin with.
    folder: their folder below usr/share, or in the zip archive there.
    names: their paths below it without suffix. * takes all that are large, opaque and not near
    copies, except left_out.
    """

    prefix: str
    package: str
    folder: str
    names: str = "*"
    left_out: str = ""
    archive: str = ""


LOTS = (
    Lot(
        "ufo",
        "ufoai-textures",
        "textures",
        archive="games/ufoai/base/0textures.pk3",
        left_out="*_nm tex_alienb/ab_screens_a tex_alienb/ab_wall05 tex_base/ecrate_drty3ow "
        "tex_base/helipad tex_base/map001 tex_base/vent_round2 "
        "tex_buildings/9gratefloor02 tex_buildings/carpet022 tex_buildings/floor010 "
        "tex_buildings/mtl_fnce4 tex_ctp1/concrete_s_1 tex_ctp1/pebbles_m_1 "
        "tex_ctp1/tiles_g_2 tex_ctp1/tiles_m_5 tex_ctp1/tiles_m_6 tex_ctp1/tiles_r_1 "
        "tex_mattn/railway tex_mattn/tire4 tex_mattn/wood003 tex_mattn/wood026 "
        "tex_misc/barrel_top tex_misc/billiard001 tex_misc/biohazard_dirty "
        "tex_misc/e8jumpspawn02b tex_misc/glasses_dirty tex_misc/office_sep02 "
        "tex_misc/office_sep05 tex_misc/pipes001 tex_misc/rail_info tex_misc/rail_notice "
        "tex_misc/rail_noticeb tex_misc/rail_route tex_misc/rstbounce "
        "tex_misc/sign_stairs tex_misc/straw_zyl tex_misc/trashbin001 "
        "tex_misc/trashbin001_sm tex_misc/vendor_cart tex_nature/flower "
        "tex_nature/tree_chopped2 tex_pics/art_africa007 tex_pics/art_floral_scrollwork "
        "tex_pics/art_japan012 tex_pics/art_mechanics001 tex_pics/art_molecules00* "
        "tex_pics/art_science004 tex_pics/art_science006 tex_pics/art_science008 "
        "tex_pics/art_science010 tex_pics/art_science011 tex_pics/art_science013 "
        "tex_pics/banner_watch tex_trak/vertpanel2d tex_trak/vertpanel2e "
        "tex_vehicles/spocar001 tex_vehicles/tire_001 tex_vehicles/tire_002 "
        "tex_vehicles/truck_c_mq tex_ctp1/concrete_r_4 tex_mattn/jute tex_mattn/marmor "
        "tex_misc/rstbouncefan",
    ),
    Lot(
        "torcs",
        "torcs-data",
        "games/torcs",
        left_out="data/img/splash */logo_trb2 */wall-water */INFOMICH */PITBLD */logo_cmyk "
        "*/wheel-2/sign3 */logo_water */advert-joes */64PASS1 */clkdtm */corkscrew/shadow "
        "*/corkscrew/shadow2 */bordertile */megafuel-wall */flatspot-wall "
        "wheels/openwheel1-1/wheel3d",
    ),
    Lot(
        "stell",
        "stellarium-data",
        "stellarium/landscapes",
        "garching/garching-gl2 garching/garching-ground3 guereins/guereinsb "
        "hurricane/hurricaneb ocean/ocean1 ocean/ocean7",
    ),
    Lot(
        "misc",
        "colobot-common-textures",
        "games/colobot/textures",
        "chili01 cloud02 cloud03 cloud04 cloud05 cloud09 desert4 desert5 desert6 dirty01 "
        "dirty02 dirty04 dirty06 dirty08 dirty09 green01 green02 interface/intro1 mars001 "
        "mars002 mars003 mars004 mars005 mars006 mars007 mars008 mars103 mix01 moon103 "
        "objects/cellar01 objects/wood01 terra002 water12 water16",
    ),
    Lot(
        "misc",
        "extremetuxracer-data",
        "games/etr",
        "env/etr/cloudy/front env/etr/cloudy/frontH env/etr/cloudy/left env/etr/cloudy/leftH "
        "env/etr/evening/front env/etr/evening/frontH env/etr/evening/right "
        "env/etr/evening/rightH env/etr/night/right env/etr/night/rightH env/etr/sunny/front "
        "env/etr/sunny/frontH env/etr/sunny/left env/etr/sunny/leftH "
        "env/tuxracer/cloudy/front env/tuxracer/cloudy/left env/tuxracer/cloudy/right "
        "env/tuxracer/evening/front env/tuxracer/evening/left env/tuxracer/evening/right "
        "env/tuxracer/night/front env/tuxracer/night/left env/tuxracer/sunny/front "
        "terrains/dirt01 terrains/floor01 terrains/floor02 terrains/grass01 terrains/grass02 "
        "terrains/grass03 terrains/ice terrains/ice01 terrains/icy_floor01 "
        "terrains/icy_grass03 terrains/icy_grass04 terrains/icy_pave01 terrains/icy_pave04 "
        "terrains/icy_pave05 terrains/icy_rock06 terrains/mud01 terrains/pave01 "
        "terrains/pave02 terrains/pebbles05 terrains/rock terrains/rock01 terrains/rock02 "
        "terrains/rock03 terrains/rock04 terrains/rock05 terrains/rock06 terrains/rock07 "
        "terrains/sand01 terrains/snow terrains/snow01 terrains/snowy_grass03 "
        "terrains/snowy_ice terrains/snowy_ice02 terrains/snowy_ice03 terrains/snowy_rock02 "
        "terrains/snowy_rock06",
    ),
    Lot("misc", "kodi-data", "kodi/addons/skin.estuary/extras", "backgrounds/pattern4"),
    Lot(
        "misc",
        "openarena-data",
        "textures",
        "oa/flamelet",
        archive="games/openarena/baseoa/pak0.pk3",
    ),
    Lot(
        "misc",
        "openarena-data",
        "levelshots",
        "islanddm_small oa_bases5_small oa_dm4_small oa_dm6_small oa_dm7_small "
        "oa_shouse_small oasago2f2_small",
        archive="games/openarena/missionpack/mp-pak0.pk3",
    ),
    Lot(
        "foto",
        "digikam-data",
        "digikam",
        "about/images/body-background data/canvas-texture data/cellwood-texture "
        "data/leaf-pattern data/modern-texture data/paper2-texture data/wall-texture "
        "themes/html5responsive/resources/images/BrownCard/brownCard",
    ),
    Lot(
        "foto",
        "fotoxx-common",
        "fotoxx/images",
        "KB-shortcuts KB-shortcuts2 batch-add-change-metadata batch-convert chromatic1A "
        "copy-pixels-1b emboss2 flatten2 image-management list-view make-waves pattern2 "
        "retouch select-area-finish stack-noise2 unbend3",
    ),
    Lot(
        "foto",
        "hugin-data",
        "hugin/xrc/data/help_en_EN",
        "300px-Fast_preview_guide_crop CA_fringes00 CA_fringes01 CA_tCA00 "
        "Medinet_habu_horizontal_stereographic",
    ),
)

OPENCV = Lot(
    "cv",
    "opencv-doc",
    "doc/opencv-doc/examples",
    "alphamat/input_images/plant data/aero1 data/aero3 data/aloeGT data/aloeL data/box "
    "data/box_in_scene data/building data/home data/imageTextN data/imageTextR data/leuvenA "
    "data/leuvenB data/licenseplate_motion data/pca_test1 data/text_defocus data/text_motion "
    "dnn_superres/butterfly hfs/data/000 hfs/data/002 reg/home text/scenetext02 "
    "text/scenetext04 text/scenetext05 text/scenetext06 text/scenetext_segmented_word01 "
    "text/scenetext_segmented_word02 text/scenetext_segmented_word03 "
    "text/scenetext_segmented_word04 text/scenetext_segmented_word05",
)
"""
Photographs with nothing round to evaluate on, never trained on: houses, signs, print, plants, a
butterfly.
"""


def pictures(root: Path, lot: Lot) -> Iterator[tuple[str, bytes]]:
    """
    Yield the name to keep and the file of each picture of a lot.

    The root is the unpacked package.
    """
    share = root / "usr" / "share"
    files = _zipped(share / lot.archive, lot.folder) if lot.archive else _plain(share / lot.folder)
    seen: set[bytes] = set()
    for path, data in files:
        stem = str(path.with_suffix(""))
        if lot.names == "*":
            chosen = (
                len(data) > _LEAST_BYTES
                and not _matches(stem, lot.left_out)
                and _telling(data, seen)
            )
        else:
            chosen = stem in lot.names.split()
        if chosen:
            parent = path.parent.name or Path(lot.folder).name
            yield f"{lot.prefix}-{parent}-{path.stem}", data


def _matches(stem: str, patterns: str) -> bool:
    return any(fnmatch.fnmatchcase(stem, pattern) for pattern in patterns.split())


def _plain(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            yield path.relative_to(folder), path.read_bytes()


def _zipped(archive: Path, folder: str) -> Iterator[tuple[Path, bytes]]:
    with zipfile.ZipFile(archive) as packed:
        for name in sorted(packed.namelist()):
            if name.startswith(f"{folder}/") and Path(name).suffix.lower() in _SUFFIXES:
                yield Path(name).relative_to(folder), packed.read(name)


def _telling(data: bytes, seen: set[bytes]) -> bool:
    """
    Tell whether a picture is useful, and note it in seen.

    It must be opaque, have some contrast, not be a strip and not resemble any picture in seen.
    """
    with Image.open(io.BytesIO(data)) as image:
        if "A" in image.getbands() and np.asarray(image.getchannel("A")).mean() < _LEAST_OPACITY:
            return False
        flat = image.convert("RGB")
    if min(flat.size) < _LEAST_SIDE_PX or max(flat.size) > _MOST_ASPECT * min(flat.size):
        return False
    sketch = (np.asarray(flat.resize((16, 16)).convert("L")) // 12).ravel()[::5].tobytes()
    if sketch in seen:
        return False
    seen.add(sketch)
    return bool(np.asarray(flat).std() >= _LEAST_CONTRAST)
