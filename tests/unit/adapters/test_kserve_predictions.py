"""Test the strict reading of a predictor's answer in both formats."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.adapters.kserve.predictions import read_prediction
from circles.adapters.kserve.protocols import WrongAnswer
from circles.domain.pictures import Picture

PICTURE = Picture(b"", "image/png", width=100, height=80)
OURS = {
    "bbox": [10, 20, 30, 40],
    "centroid": [25.5, 40.25],
    "radius": 17.5,
    "score": 0.75,
    "label": "coin",
}
FLAT = {
    "bounding_box": {"xmin": 10, "ymin": 20, "xmax": 40, "ymax": 60},
    "centroid": {"x": 25.5, "y": 40.25},
    "radius": {"radius": 17.5},
    "score": 0.75,
    "label": "coin",
}
HUGE = json.loads("1e400")


def ours(*objects, **instance):
    return [{"objects": list(objects), **instance}]


def read(predictions, version=None, picture=PICTURE, max_objects=1000):
    return read_prediction(predictions, version, picture, max_objects)


def read_one(changed, form):
    """Read a circle that differs from OURS or FLAT. A value of ... removes the member."""
    whole = {**(OURS if form == "ours" else FLAT), **changed}
    item = {name: value for name, value in whole.items() if value is not ...}
    (circle,) = read(ours(item) if form == "ours" else [item]).circles
    return circle


both_forms = pytest.mark.parametrize("form", ["ours", "flat"])


def test_both_formats_give_the_same_circle():
    (circle,) = read(ours(OURS)).circles

    assert circle.bbox == (10, 20, 30, 40)
    assert (circle.centroid, circle.radius_px, circle.score, circle.label) == (
        (25.5, 40.25),
        17.5,
        0.75,
        "coin",
    )
    assert read([FLAT]).circles == (circle,)


@pytest.mark.parametrize("predictions", [[], ours()])
def test_empty_answer_is_not_an_error(predictions):
    assert read(predictions).circles == ()


def test_flat_objects_are_separate_circles():
    assert len(read([FLAT, FLAT, FLAT]).circles) == 3


@pytest.mark.parametrize(
    ("instance", "envelope", "expected"),
    [
        ({"model_version": "7"}, None, "7"),
        ({"model_version": "7"}, "8", "7"),
        ({}, "8", "8"),
        ({"model_version": ""}, "8", "8"),
        ({"model_version": None}, None, "unknown"),
        ({"model_version": 7}, None, "7"),
        ({}, None, "unknown"),
    ],
)
def test_version_comes_from_the_instance_or_envelope(instance, envelope, expected):
    assert read(ours(OURS, **instance), envelope).model_version == expected


# Missing members


@both_forms
def test_missing_centroid_is_the_box_centre(form):
    assert read_one({"centroid": ...}, form).centroid == (25.0, 40.0)
    assert read_one({"centroid": None}, form).centroid == (25.0, 40.0)


@both_forms
def test_missing_radius_is_half_the_mean_box_side(form):
    assert read_one({"radius": ...}, form).radius_px == 17.5
    assert read_one({"radius": None}, form).radius_px == 17.5


@both_forms
def test_missing_score_is_none(form):
    assert read_one({"score": ...}, form).score is None
    assert read_one({"score": None}, form).score is None


@both_forms
@pytest.mark.parametrize("label", [..., None, ""])
def test_missing_label_is_circle(form, label):
    assert read_one({"label": label}, form).label == "circle"


def test_empty_radius_object_counts_as_missing():
    assert read_one({"radius": {}}, "flat").radius_px == 17.5


@both_forms
def test_missing_box_is_wrong(form):
    for name in ("bbox", "bounding_box"):
        with pytest.raises(WrongAnswer):
            read_one({"bbox": ..., "bounding_box": ..., name: None}, form)
    with pytest.raises(WrongAnswer):
        read_one({"bbox": ..., "bounding_box": ...}, form)


# Invalid numbers


NO_NUMBERS = [
    float("nan"),
    math.inf,
    -math.inf,
    HUGE,
    1e9,
    -1e9,
    10**400,
    True,
    False,
    "5",
    "NaN",
    "",
    [],
    {},
    [5],
]


@pytest.mark.parametrize("wrong", [*NO_NUMBERS, None], ids=repr)
@pytest.mark.parametrize("corner", range(4))
def test_box_corner_must_be_a_number(wrong, corner):
    box, flat = [10, 20, 30, 40], dict(FLAT["bounding_box"])
    box[corner] = flat[list(flat)[corner]] = wrong
    with pytest.raises(WrongAnswer):
        read_one({"bbox": box}, "ours")
    with pytest.raises(WrongAnswer):
        read_one({"bounding_box": flat}, "flat")


@pytest.mark.parametrize("wrong", [*NO_NUMBERS, None], ids=repr)
def test_centroid_coordinate_must_be_a_number(wrong):
    for centroid in ([wrong, 5], [5, wrong]):
        with pytest.raises(WrongAnswer):
            read_one({"centroid": centroid}, "ours")
        with pytest.raises(WrongAnswer):
            read_one({"centroid": dict(zip("xy", centroid, strict=True))}, "flat")


@pytest.mark.parametrize(
    "wrong", [*(value for value in NO_NUMBERS if value != {}), 0, -1, 0.0], ids=repr
)
def test_radius_must_be_a_positive_number(wrong):
    with pytest.raises(WrongAnswer):
        read_one({"radius": wrong}, "ours")
    with pytest.raises(WrongAnswer):
        read_one({"radius": {"radius": wrong}}, "flat")


@both_forms
@pytest.mark.parametrize("wrong", [*NO_NUMBERS, -0.01, 1.01, 50], ids=repr)
def test_score_must_be_a_number_from_0_to_1(form, wrong):
    with pytest.raises(WrongAnswer):
        read_one({"score": wrong}, form)


@both_forms
@pytest.mark.parametrize("score", [0, 1, 0.0, 1.0])
def test_score_bounds_are_inclusive(form, score):
    assert read_one({"score": score}, form).score == score


# Wrong JSON shapes


@pytest.mark.parametrize(
    "predictions",
    [
        [None],
        ["text"],
        [5],
        [[]],
        [{}],
        [FLAT, None],
        [OURS, {}],
        [{"objects": None}],
        [{"objects": {}}],
        [{"objects": "[]"}],
        ours(None),
        ours(5),
        ours([]),
        ours("text"),
        ours({}),
        ours(OURS, {}),
        ours(OURS) * 2,
        [*ours(OURS), FLAT],
    ],
    ids=lambda predictions: json.dumps(predictions)[:50],
)
def test_other_json_shapes_are_wrong(predictions):
    with pytest.raises(WrongAnswer):
        read(predictions)


@pytest.mark.parametrize(
    "box", [[], [1, 2, 3], [1, 2, 3, 4, 5], "1,2,3,4", {"x": 1}, 5, {}, [[1, 2], [3, 4]]], ids=repr
)
def test_box_must_have_four_numbers(box):
    with pytest.raises(WrongAnswer):
        read_one({"bbox": box}, "ours")


@pytest.mark.parametrize("centroid", [[], [1], [1, 2, 3], "1,2", 5, {"x": 1}, {}, True], ids=repr)
def test_centroid_must_have_two_numbers(centroid):
    with pytest.raises(WrongAnswer):
        read_one({"centroid": centroid}, "ours")


@pytest.mark.parametrize("box", [[10, 20, 0, 5], [10, 20, 5, 0], [10, 20, -5, 5], [10, 20, 5, -5]])
def test_box_must_have_an_area(box):
    x, y, width, height = box
    with pytest.raises(WrongAnswer):
        read_one({"bbox": box}, "ours")
    with pytest.raises(WrongAnswer):
        read_one(
            {"bounding_box": {"xmin": x, "ymin": y, "xmax": x + width, "ymax": y + height}}, "flat"
        )


@pytest.mark.parametrize(
    "size",
    [
        {"width": 80, "height": 100},
        {"width": 99},
        {"height": 81},
        {"width": "100"},
        {"width": None},
        {"width": 100.5},
        {"height": []},
    ],
    ids=repr,
)
def test_other_picture_size_is_wrong(size):
    with pytest.raises(WrongAnswer):
        read(ours(OURS, **size))


@pytest.mark.parametrize(
    "size", [{}, {"width": 100}, {"width": 100, "height": 80}, {"width": 100.0}]
)
def test_matching_picture_size_is_accepted(size):
    assert len(read(ours(OURS, **size)).circles) == 1


# Pixels


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([10.0, 20.0, 30.0, 40.0], (10, 20, 30, 40)),
        ([10.2, 20.9, 30.0, 40.0], (10, 20, 31, 41)),
        ([10.9, 20.1, 0.05, 0.05], (10, 20, 1, 1)),
        ([-5, -6, 20, 20], (0, 0, 15, 14)),
        ([90.5, 70.5, 50, 50], (90, 70, 10, 10)),
        ([-1000, -1000, 5000, 5000], (0, 0, 100, 80)),
        ([99.5, 79.5, 0.1, 0.1], (99, 79, 1, 1)),
        ([0, 0, 100, 80], (0, 0, 100, 80)),
        ([-0.5, 0, 1, 1], (0, 0, 1, 1)),
    ],
)
def test_box_is_rounded_outwards_and_clipped(box, expected):
    x, y, width, height = box
    flat = {"xmin": x, "ymin": y, "xmax": x + width, "ymax": y + height}

    assert read_one({"bbox": box}, "ours").bbox == expected
    assert read_one({"bounding_box": flat}, "flat").bbox == expected
    assert all(type(number) is int for number in expected)


@pytest.mark.parametrize(
    "box", [[-30, 5, 30, 10], [5, -30, 10, 30], [100, 5, 10, 10], [5, 80, 10, 10], [-50, -50, 5, 5]]
)
def test_box_outside_the_picture_is_dropped(box):
    (circle,) = read(ours({**OURS, "bbox": box}, OURS)).circles

    assert circle.bbox == (10, 20, 30, 40)


@both_forms
@pytest.mark.parametrize(
    ("centroid", "expected"),
    [
        ((-5, 40), (0.0, 40.0)),
        ((50, -0.01), (50.0, 0.0)),
        ((100.01, 40), (100.0, 40.0)),
        ((50, 5000), (50.0, 80.0)),
        ((33.333333, 66.666666), (33.33, 66.67)),
    ],
)
def test_centroid_outside_is_moved_to_the_edge(form, centroid, expected):
    given_as = list(centroid) if form == "ours" else {"x": centroid[0], "y": centroid[1]}

    assert read_one({"centroid": given_as}, form).centroid == expected


def test_radius_is_kept_when_the_box_is_clipped():
    circle = read_one({"bbox": [-20, 20, 40, 40], "centroid": ..., "radius": ...}, "ours")

    assert (circle.bbox, circle.centroid, circle.radius_px) == ((0, 20, 20, 40), (0.0, 40.0), 20.0)


# Limits and order


def test_best_50_of_10000_objects_are_kept_in_order():
    objects = [{**OURS, "score": (number * 7919 % 10_000) / 10_000} for number in range(10_000)]
    circles = read(ours(*objects), max_objects=50).circles

    assert [circle.score for circle in circles] == [
        number / 10_000 for number in range(9_999, 9_949, -1)
    ]


def test_equal_scores_keep_their_order_unscored_last():
    scores = [None, 0.5, 0.9, None, 0.5, 0.0]
    objects = [
        {**OURS, "score": score, "label": str(number)} for number, score in enumerate(scores)
    ]

    assert [circle.label for circle in read(ours(*objects)).circles] == [
        "2",
        "1",
        "4",
        "5",
        "0",
        "3",
    ]
    assert [circle.label for circle in read(ours(*objects), max_objects=4).circles] == [
        "2",
        "1",
        "4",
        "5",
    ]


def test_one_wrong_object_invalidates_the_answer():
    """This holds even for an object beyond max_objects."""
    with pytest.raises(WrongAnswer):
        read(ours(*[OURS] * 100, {**OURS, "score": "high"}), max_objects=10)


# Text


@both_forms
def test_label_is_cut_to_100_characters(form):
    assert read_one({"label": "x" * 5000}, form).label == "x" * 100


@pytest.mark.parametrize("text", ["\ud800", "coin \udfff", "\0"], ids=ascii)
def test_unencodable_text_is_made_encodable(text):
    """json.loads turns "\\ud800" into a lone surrogate, which UTF-8 cannot encode."""
    answer = read(ours({**OURS, "label": text}, model_version=text))

    assert answer.circles[0].label.encode()
    assert answer.model_version.encode()


@pytest.mark.parametrize(
    "text", ["7\nFAKE LOG", "7\r\x1b[2J", "7\u2028FAKE", "7\u202egnp", "\ud8007"], ids=ascii
)
def test_label_and_version_are_one_printable_line(text):
    """Both are logged and shown."""
    answer = read(ours({**OURS, "label": text}, model_version=text))

    assert answer.model_version.startswith("7") and answer.model_version.isprintable()
    assert answer.circles[0].label == answer.model_version


def test_version_is_cut_to_100_characters():
    assert len(read(ours(OURS, model_version="x" * 100_000)).model_version) <= 100
    assert len(read([], "x" * 100_000).model_version) <= 100


# Arbitrary input


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([0, 1, 50, 100, 80]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from([*OURS, *FLAT, "objects", "width"]), inner)
    ),
    max_leaves=20,
)


@given(st.lists(json_values, max_size=4))
def test_any_json_gives_valid_circles_or_wrong_answer(predictions):
    try:
        circles = read(predictions, max_objects=3).circles
    except WrongAnswer:
        return
    assert len(circles) <= 3
    for circle in circles:
        x, y, width, height = circle.bbox
        assert 0 <= x < x + width <= 100 and 0 <= y < y + height <= 80
        assert 0 <= circle.centroid[0] <= 100 and 0 <= circle.centroid[1] <= 80
        assert 0 < circle.radius_px < math.inf
        assert circle.score is None or 0 <= circle.score <= 1
        assert circle.label.encode()


# Candidates


def scored(*scores):
    return [{**OURS, "score": score, "label": str(score)} for score in scores]


def test_what_scores_below_the_threshold_is_a_candidate():
    found = read(ours(*scored(0.4, 0.9, 0.87, 0.8699), threshold=0.87))

    assert [circle.score for circle in found.circles] == [0.9, 0.87]
    assert [circle.score for circle in found.candidates] == [0.8699, 0.4]
    assert found.threshold == 0.87


@pytest.mark.parametrize("form", ["ours", "flat"])
def test_without_a_threshold_nothing_is_a_candidate(form):
    scores = (0.9, 0.01, None)
    found = read(ours(*scored(*scores)) if form == "ours" else
                 [{**FLAT, "score": score} for score in scores])  # fmt: skip

    assert [circle.score for circle in found.circles] == list(scores)
    assert (found.candidates, found.threshold) == ((), None)


def test_objects_without_a_score_are_no_candidates():
    found = read(ours(*scored(None, 0.4), threshold=0.87))

    assert [circle.score for circle in found.circles] == [None]
    assert [circle.score for circle in found.candidates] == [0.4]


@pytest.mark.parametrize("max_objects", [1, 2, 3])
def test_candidates_push_no_object_out(max_objects):
    scores = (None, 0.9, *[0.5] * 5)
    found = read(ours(*scored(*scores), threshold=0.87), max_objects=max_objects)

    assert [circle.score for circle in found.circles] == [0.9, None][:max_objects]
    assert len(found.candidates) == max_objects


def test_own_threshold_overrides_that_of_the_predictor():
    predictions = ours(*scored(0.9, 0.6, 0.4), threshold=0.87)
    found = read_prediction(predictions, None, PICTURE, 1000, 0.5)

    assert ([circle.score for circle in found.circles], found.threshold) == ([0.9, 0.6], 0.5)
    assert [circle.score for circle in found.candidates] == [0.4]


@pytest.mark.parametrize("threshold", [-0.1, 1.01, "0.5", True, [], HUGE])
def test_odd_threshold_is_refused(threshold):
    with pytest.raises(WrongAnswer):
        read(ours(threshold=threshold))
