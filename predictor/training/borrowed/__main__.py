"""
Sort pictures from packages into one folder per use.

They come from Debian 12's packages and from two Python packages.
"""

import argparse
import json
import shutil
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from rich.progress import track

from predictor.training.borrowed.packages import pick, resource_pictures, unpack
from predictor.training.borrowed.surfaces import LOTS, OPENCV, pictures

_LONGEST_PX = 1600

# folder of use -> package -> names of its pictures: a file name without suffix, or for Plasma its
# folder
WALLPAPERS: dict[str, dict[str, str]] = {
    "a": {
        "gimp-data": "texture texture1 texture2 texture3",
        "gnome-backgrounds": "adwaita-d adwaita-l grid-d grid-l licorice-d licorice-l wood-d "
        "wood-l",
        "mate-backgrounds": "Elephants Storm Dune Blinds Garden Wood YellowFlower TwoWings",
        "ukui-wallpapers": "2004default rhythm string desert city goldfish firstgeneration",
    },
    "b": {
        "plasma-workspace-wallpapers": "Altai Autumn BytheWater Canopee Cascade Cluster Flow "
        "DarkestHour FallenLeaf Honeywave IceCold Grey Opal Path Patak Shell Volna "
        "summer_1am PastelHills Kokkini",
    },
    "c": {
        "lomiri-wallpapers-16.04": "Bridge_by_Sander_Klootwijk Dragonfly_by_Bolly "
        "Picture_1A_by_freespace aitzgorri_by_Aitzol_Berasategi "
        "analogpattern_by_Peter_Nerlich friends_by_Aitzol_Berasategi "
        "life_by_Aitzol_Berasategi picosdeeuropa_by_Aitzol_Berasategi "
        "umang_by_Abhishek_Mudgal",
        "lomiri-wallpapers-20.04": "Painting-Colors_by__herobrine7gamer",
        "gnome-backgrounds": "symbolic-d symbolic-l",
        "mate-backgrounds": "Stripes Ubuntu-Mate-Cold-no-logo",
        "ukui-wallpapers": "rollpaper the-mouse",
        "supertuxkart-data": "HortonRockWall HortonRockWall2 Paving_stones_2 "
        "black_rockMountain blackrock bow_tile canyon city_asphalt_2 city_ground "
        "city_rock cracked-earth-texture crate1_diffuse crate2_diffuse dirt grass2 grass3 "
        "grass_dark racetrack_grass ribbed_steel road_dirt rock rock1 rockMountain "
        "rockTograss rock_brown rock_grey rock_mountain rockwall sand2 sea2 stonetex "
        "tarmac woodBridge wood_planks1 yellow_dirt 3td_BrickOldRound_01 Ice03_col magma "
        "Painting2 painting1 blackTowel redTowel whiteTowel brick_wall_06 forest_floor "
        "half-timbered_house trees_bark_001_col carpet lava_1 hacienda_roof sign_backside "
        "mine_rail tree_zen wall_wood1 seabed windmill_wall metaldoor rock_gray "
        "metal_rusted grate1a ribs1a cromwatertower2 wall2 red_dirt plants door palmtree3 "
        "sakura_leaves deer-antlers summersky_e snowsky_n winter_sky_1 mossy_stone_a",
    },
    "validation": {
        "mate-backgrounds": "GreenMeadow FreshFlower",
        "gimp-data": "beavis",
        "ukui-wallpapers": "fluent-color",
        "plasma-workspace-wallpapers": "ColdRipple Kite EveningGlow OneStandsOut",
    },
}
SCIKIT_IMAGE = {"a": "brick grass gravel", "validation": "camera page text rocket"}

RESOURCES_PACKAGE = "gcompris-qt-data"
RESOURCES = {
    "d": "erase categorization details clickgame leftright explore_farm_animals paintings",
    "validation": "explore_world_animals explore_monuments",
}
"""Resource files with photographs: animals, buildings, tools, hands, paintings."""
_ROUND_RESOURCES = set(
    "1003a510 44e21505 4d2aeb5f 9178dc6d c015c9b9 c82d6993 cdb5b135 e9a157cd efa9d7b0".split()
)
"""
Photographs that show something round after all. They are named by the first digits of their
SHA-1.
"""

STAMPS_PACKAGE = "tuxpaint-stamps-default"
STAMPS = (
    "animals clothes household/tools household/arttools hobbies/music/string medical people "
    "plants/trees symbols/alphabets/asl symbols/chess symbols/math town/monuments town/houses "
    "naturalforces"
)
"""Folders of the package with cut-outs of things that are not round."""
ROUNDS = (
    "sports/basketball sports/soccer sports/tennis_ball sports/cricketball "
    "space/moon/moon_full space/planets/1_mercury space/planets/2_venus space/planets/3_earth "
    "space/planets/4_mars space/planets/5_jupiter space/planets/7_uranus "
    "space/planets/8_neptune food/fruit/sliced_lime food/fruit/sliced_orange symbols/clockface "
    "symbols/faces/happy town/roadsigns/no_entry_sign vehicles/7spoke256 "
    "symbols/money/canadian/coins symbols/money/euro/coins symbols/money/japanese "
    "symbols/money/us/coins"
)
"""Cut-outs of round things in the package, or folders of them."""
_LEFT_OUT = {
    # notes, and coins with a hole
    *("yen005", "yen050", "010000yen", "001000yen", "002000yen", "005000yen"),
    *("button", "snowman", "rambutan", "ladybug", "ladybug-2"),  # round, at least in part
}

FONT_PACKAGES = (
    "fonts-cantarell fonts-comic-neue fonts-dejavu-core fonts-freefont-ttf fonts-inconsolata "
    "fonts-lato fonts-liberation2 fonts-linuxlibertine fonts-lobster fonts-quicksand "
    "fonts-roboto-unhinted"
)
_NO_LETTERS = {"LinLibertine_I", "LinLibertine_K"}


def keep(source: Path | BytesIO, target: Path) -> None:
    """Write a picture on white, at most 1,600 px long."""
    with Image.open(source) as image:
        image.thumbnail((_LONGEST_PX, _LONGEST_PX))
        flat = Image.new("RGBA", image.size, "white")
        flat.alpha_composite(image.convert("RGBA"))
    target.parent.mkdir(parents=True, exist_ok=True)
    flat.convert("RGB").save(target)


def keep_stamp(source: Path, target: Path) -> bool:
    """
    Write a cut-out and return whether the picture has transparent parts.

    An opaque picture is not written.
    """
    with Image.open(source) as image:
        stamp = image.convert("RGBA")
    if stamp.getchannel("A").getextrema()[0] > 0:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    stamp.save(target)
    return True


def _wallpapers(packages: Path, target: Path) -> None:
    wanted = [
        (use, package, name)
        for use, by in WALLPAPERS.items()
        for package, s in by.items()
        for name in s.split()
    ]
    for use, package, name in track(wanted, "wallpapers"):
        picture = pick(unpack(package, packages), name)
        if picture is None:
            print(f"{package} does not contain {name}; skipped")
        else:
            keep(picture, target / use / f"{name}.png")


def _resources(packages: Path, target: Path) -> None:
    root = unpack(RESOURCES_PACKAGE, packages) / "usr" / "share" / "gcompris-qt" / "rcc"
    for use, names in RESOURCES.items():
        for name in track(names.split(), RESOURCES_PACKAGE):
            for digest, picture in resource_pictures((root / f"{name}.rcc").read_bytes()):
                if digest not in _ROUND_RESOURCES:
                    keep(BytesIO(picture), target / use / f"{name}-{digest}.png")


def _samples(target: Path) -> None:
    import skimage.data
    from sklearn.datasets import load_sample_image

    for use, names in SCIKIT_IMAGE.items():
        for name in names.split():
            Image.fromarray(getattr(skimage.data, name)()).convert("RGB").save(
                target / use / f"{name}.png"
            )
    Image.fromarray(load_sample_image("china.jpg")).save(target / "a" / "china.png")


def _stamps(packages: Path, target: Path) -> None:
    root = unpack(STAMPS_PACKAGE, packages) / "usr" / "share" / "tuxpaint" / "stamps"
    for use, names in (("stamps", STAMPS), ("rounds", ROUNDS)):
        for name in track(names.split(), use):
            files = (
                [root / f"{name}.png"]
                if (root / f"{name}.png").exists()
                else sorted((root / name).rglob("*.png"))
            )
            for file in files:
                if "_mirror" not in file.stem and file.stem not in _LEFT_OUT:
                    keep_stamp(file, target / use / f"{'-'.join(file.relative_to(root).parts)}")


def _surfaces(packages: Path, target: Path) -> None:
    for use, lot in track([*(("e", lot) for lot in LOTS), ("test", OPENCV)], "surfaces"):
        for name, data in pictures(unpack(lot.package, packages), lot):
            keep(BytesIO(data), target / use / f"{name}.png")


def _fonts(packages: Path, target: Path) -> None:
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    for package in track(FONT_PACKAGES.split(), "fonts"):
        for file in sorted(unpack(package, packages).rglob("*.[ot]tf")):
            if file.stem not in _NO_LETTERS:
                shutil.copy(file, target / "fonts" / f"{package}-{file.name}")


def write_labels(folder: Path) -> None:
    """Label the pictures of a folder as empty, in COCO form. They then can be evaluated on."""
    images = []
    for number, path in enumerate(sorted(folder.glob("*.png")), 1):
        with Image.open(path) as image:
            size = {"width": image.width, "height": image.height}
        images.append({"id": number, "file_name": path.name, "domain": "negatives", **size})
    document = {"images": images, "annotations": [], "categories": [{"id": 1, "name": "circle"}]}
    (folder / "annotations.json").write_text(json.dumps(document))


def main() -> None:
    """Fill the folder that `python -m predictor.training --backgrounds` takes."""
    parser = argparse.ArgumentParser(
        prog="python -m predictor.training.borrowed", description=__doc__
    )
    parser.add_argument("target", type=Path)
    parser.add_argument(
        "--packages", type=Path, help="keep unpacked Debian packages here, or take them from here"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        packages = arguments.packages or Path(scratch)
        packages.mkdir(parents=True, exist_ok=True)
        _wallpapers(packages, arguments.target)
        _resources(packages, arguments.target)
        _stamps(packages, arguments.target)
        _surfaces(packages, arguments.target)
        _fonts(packages, arguments.target)
    _samples(arguments.target)
    for judged in ("validation", "test"):
        write_labels(arguments.target / judged)


if __name__ == "__main__":
    main()
