"""Test a real photograph: the 24 Greek coins of scikit-image's data set."""

from PIL import Image
from skimage import data

from tests.predictor.asking import assert_answer
from tests.predictor.drawing import encoded


def test_coins_of_a_real_photo_are_found(server):
    coins = Image.fromarray(data.coins())

    answer = server.raw(encoded(coins, "PNG"), "image/png").json()["predictions"][0]

    assert_answer(answer, coins.width, coins.height)
    assert 22 <= len(answer["objects"]) <= 24
    assert all(15 < each["radius"] < 35 for each in answer["objects"])
    assert all(5 <= length <= 6 for length in row_lengths(answer["objects"]))


def row_lengths(objects):
    """Count the coins of the four rows, which are about 70 pixels apart, the first at 50."""
    rows = [round((each["centroid"][1] - 50) / 70) for each in objects]
    return [rows.count(row) for row in range(4)]
