"""Colours can be distinguished, by everybody, on both grounds."""

from dataclasses import replace
from itertools import combinations
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

import pytest

from pipelines.errors import SettingsError
from pipelines.reports.charts import DARK, LIGHT, READABLE, contrast, least_contrast
from pipelines.reports.mail import mail
from pipelines.reports.snapshot_inputs import readable
from pipelines.reports.weekly import weekly_report
from pipelines.settings.model import Report
from tests.sections.fixtures import MONDAY, busy

SERIES = ("blue", "vermillion", "green", "purple")
# Machado, Oliveira and Fernandes (2009), full strength, on linear RGB.
SIGHT = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
both = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


def linear(colour):
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def seen(colour, sight):
    rgb = linear(colour)
    return [
        min(max(sum(w * c for w, c in zip(row, rgb, strict=True)), 0), 1) for row in SIGHT[sight]
    ]


def lab(rgb):
    red, green, blue = rgb
    xyz = (
        (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047,
        0.2126729 * red + 0.7151522 * green + 0.0721750 * blue,
        (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883,
    )
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one, other):
    """CIEDE2000."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = (hypot(a1, b1) + hypot(a2, b2)) / 2
    g = 0.5 * (1 - sqrt(mean_c**7 / (mean_c**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = hypot(a1, b1), hypot(a2, b2)
    h1, h2 = degrees(atan2(b1, a1)) % 360, degrees(atan2(b2, a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0
    dh = 2 * sqrt(c1 * c2) * sin(radians(turn) / 2)
    ml, mc = (l1 + l2) / 2, (c1 + c2) / 2
    mh = (h1 + turn / 2) % 360
    t = (
        1
        - 0.17 * cos(radians(mh - 30))
        + 0.24 * cos(radians(2 * mh))
        + 0.32 * cos(radians(3 * mh + 6))
        - 0.2 * cos(radians(4 * mh - 63))
    )
    sl = 1 + 0.015 * (ml - 50) ** 2 / sqrt(20 + (ml - 50) ** 2)
    sc, sh = 1 + 0.045 * mc, 1 + 0.015 * mc * t
    rt = -sin(radians(60 * exp(-(((mh - 275) / 25) ** 2)))) * 2
    rt *= sqrt(mc**7 / (mc**7 + 25**7))
    dl, dc = (l2 - l1) / sl, (c2 - c1) / sc
    return sqrt(dl**2 + dc**2 + (dh / sh) ** 2 + rt * dc * dh / sh)


def test_the_distance_is_ciede2000():
    # Sharma, Wu and Dalal (2005), pairs 1 and 7 of their test data.
    one = distance((50, 2.6772, -79.7751), (50, 0, -82.7485))
    assert one == pytest.approx(2.0425, abs=1e-4)
    seven = distance((50, 0, 0), (50, -1, 2))
    assert seven == pytest.approx(2.3669, abs=1e-4)


@both
@pytest.mark.parametrize("sight", SIGHT)
def test_series_can_be_told_apart(palette, sight):
    for one, other in combinations(SERIES, 2):
        apart = distance(lab(seen(palette[one], sight)), lab(seen(palette[other], sight)))
        assert apart >= 15, (one, other, round(apart, 1))


@both
def test_text_and_marks_stand_out(palette):
    for ground in ("page", "surface"):
        for text in ("ink", "muted", "accent"):
            assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    for mark in (*SERIES, "border"):
        assert contrast(palette[mark], palette["surface"]) >= 3, mark


@both
def test_steps_of_the_heat_map_grow(palette):
    ground = palette["surface"]
    steps = [contrast(palette[f"heat{step}"], ground) for step in range(6)]
    assert steps == sorted(steps)


def test_both_palettes_have_the_same_roles_and_no_colour_twice():
    assert set(LIGHT) == set(DARK)
    assert len(set(LIGHT.values())) == len(LIGHT)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)
    assert contrast("#123456", "#123456") == 1


def test_our_own_accents_can_be_read():
    for palette in (LIGHT, DARK):
        assert least_contrast(palette["accent"], palette) >= READABLE


def test_the_districts_colour_is_on_every_page_and_in_the_mail():
    inputs = replace(busy(), accent="#7a1f3d", accent_dark="#f2a9c4")
    pages = weekly_report(inputs, MONDAY)
    sheets = [text for path, text in pages.items() if path.endswith(".css")]
    index = pages["2026-W47/index.html"]
    for text in (index, *sheets, pages["index.html"]):
        assert "--accent:#7a1f3d;" in text
        assert "--accent:#f2a9c4;" in text
        assert LIGHT["accent"] not in text.split("<body>")[0]
    item = pages["2026-W47/evidence/f-2026w47-001.html"]
    assert sum(path.removeprefix("assets/") in item for path in pages if path.endswith(".css")) == 1
    assert "#7a1f3d" in mail(inputs, MONDAY, where="https://x.example/").html


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"accent": "#ffcc00"}, "the color #ffcc00 has a contrast of 1.4"),
        ({"accent_dark": "#202020"}, "has a contrast of 1."),
    ],
)
def test_a_colour_that_can_not_be_read_is_refused(settings, said):
    with pytest.raises(SettingsError, match=said):
        readable(Report(**settings))
    readable(Report(accent="#7a1f3d", accent_dark="#f2a9c4"))


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", "url(x)", "#1;}*{"])
def test_what_is_no_colour_is_no_setting(colour):
    with pytest.raises(ValueError, match="accent"):
        Report(accent=colour)
