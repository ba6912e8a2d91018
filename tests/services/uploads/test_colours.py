"""Pictures look the same when they are stored: colours of any profile, and those of lossless files to the bit."""

import struct
from io import BytesIO
from itertools import product

import pytest
from PIL import Image, ImageCms

from tests.support.colours import INKS, SPACES, difference, lab, press, printed, profile
from tests.support.samples import picture, uploaded

pytestmark = pytest.mark.long
PATCH = 16  # pixels: two blocks of a JPEG, which keep an even colour


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def kept(api, merchant):
    """What is handed out of a picture that was uploaded."""

    def upload_of(content):
        image = Image.open(BytesIO(api.client.get(uploaded(merchant, content)["url"]).content))
        image.load()
        assert "icc_profile" not in image.info
        return image

    return upload_of


def patches(mode, colours, form, **options):
    image = Image.new(mode, (PATCH * len(colours), PATCH))
    for number, colour in enumerate(colours):
        image.paste(colour, (number * PATCH, 0, (number + 1) * PATCH, PATCH))
    return written(image, form, **options)


def written(image, form, **options):
    body = BytesIO()
    image.save(body, form, **options)
    return body.getvalue()


def middles(image, number):
    rgb = image.convert("RGB")
    return [rgb.getpixel((PATCH * each + PATCH // 2, PATCH // 2)) for each in range(number)]


def mean(first, second):
    found = [difference(*pair) for pair in zip(first, second, strict=True)]
    return sum(found) / len(found)


class TestProfiles:
    @pytest.mark.parametrize("space", ["Display P3", "Adobe RGB", "ProPhoto"])
    @pytest.mark.parametrize(
        ("form", "options", "most"),
        [("PNG", {}, 0.5), ("JPEG", {"quality": 95, "subsampling": 0}, 1), ("WEBP", {"quality": 95}, 1.4)],
        ids=["png", "jpeg", "webp"],
    )
    def test_wide_colours_are_shown_alike(self, kept, space, form, options, most):
        colours = [
            (level + red, level, level + blue) for level in (90, 140, 180) for red in (0, 15, 30) for blue in (0, 15, 30)
        ]
        looks = [lab(colour, space) for colour in colours]
        assert mean([lab(colour) for colour in colours], looks) > 1.5
        image = kept(patches("RGB", colours, form, icc_profile=profile(space), **options))
        assert mean([lab(colour) for colour in middles(image, len(colours))], looks) < most

    def test_what_was_made_for_the_press_is_shown_alike(self, kept):
        steps = [round(255 * step / (INKS - 1)) for step in range(INKS)]
        colours = [*product(steps[:4:2], steps[:4:2], steps[:4:2], steps[:4])]
        content = patches("CMYK", colours, "JPEG", quality=95, icc_profile=press())
        looks = [printed(colour) for colour in colours]
        plain = middles(Image.open(BytesIO(content)), len(colours))
        assert mean([lab(colour) for colour in plain], looks) > 10
        image = kept(content)
        assert image.mode == "RGB"
        assert mean([lab(colour) for colour in middles(image, len(colours))], looks) < 1.5

    @pytest.mark.parametrize("mode", ["P", "RGBA", "LA", "L"])
    def test_each_mode_stays_what_it_is(self, kept, mode):
        image = Image.new("RGBA", (2, 1), (150, 120, 120, 128)).convert(mode)
        stored = kept(written(image, "PNG", icc_profile=profile("ProPhoto")))
        assert stored.mode == mode
        colour = image.convert("RGB").getpixel((0, 0))
        assert difference(lab(stored.convert("RGB").getpixel((0, 0))), lab(colour, "ProPhoto")) < 1
        assert stored.convert("RGBA").getpixel((0, 0))[3] == image.convert("RGBA").getpixel((0, 0))[3]

    def test_grey_in_its_own_profile_stays_grey(self, kept):
        grey = profile("sRGB").replace(b"RGB XYZ ", b"GRAYXYZ ").replace(b"rTRC", b"kTRC")
        assert kept(written(Image.new("L", (2, 2), 99), "PNG", icc_profile=grey)).getpixel((0, 0)) in range(97, 102)

    @pytest.mark.parametrize(("mode", "clear", "solid"), [("RGB", (10, 200, 10), (200, 10, 10)), ("L", 10, 200)])
    def test_the_colour_that_is_see_through_stays_so(self, kept, mode, clear, solid):
        image = Image.new(mode, (2, 1), clear)
        image.putpixel((1, 0), solid)
        stored = kept(written(image, "PNG", transparency=clear, icc_profile=profile("ProPhoto"))).convert("RGBA")
        assert [stored.getpixel((x, 0))[3] for x in (0, 1)] == [0, 255]

    @pytest.mark.parametrize(
        "made", [lambda: profile("sRGB"), lambda: ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()]
    )
    def test_what_is_srgb_already_keeps_its_values(self, kept, made):
        noise = Image.merge("RGB", [Image.effect_noise((32, 32), 90) for _ in range(3)])
        assert kept(written(noise, "PNG", icc_profile=made())).tobytes() == noise.tobytes()

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    @pytest.mark.parametrize(
        "broken",
        [
            b"no profile",
            profile("ProPhoto")[:200],
            press(),
            profile("ProPhoto").replace(b"curv", b"xxxx"),
            profile("ProPhoto").replace(b"acsp", b"\xff" * 4),
            profile("ProPhoto")[:128] + struct.pack(">I", 2**31) + profile("ProPhoto")[132:],
        ],
        ids=range(6),
    )
    def test_a_broken_profile_counts_as_none(self, kept, form, broken):
        assert kept(picture(form, (4, 3), icc_profile=broken)).size == (4, 3)

    @pytest.mark.parametrize("broken", [b"no profile", profile("sRGB")])
    def test_a_press_picture_with_another_profile_is_made_for_screens(self, kept, broken):
        assert kept(picture("JPEG", mode="CMYK", icc_profile=broken)).mode == "RGB"

    def test_a_large_profile_of_a_png_is_read(self, kept):
        large = profile("ProPhoto") + bytes(2_000_000)
        large = struct.pack(">I", len(large)) + large[4:]
        stored = kept(written(Image.new("RGB", (2, 2), (150, 120, 120)), "PNG", icc_profile=large))
        assert difference(lab(stored.getpixel((0, 0))), lab((150, 120, 120), "ProPhoto")) < 1


class TestLossless:
    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    @pytest.mark.parametrize("animated", [False, True])
    def test_a_lossless_webp_keeps_every_pixel(self, kept, mode, animated):
        noise = Image.merge(mode, [Image.effect_noise((50, 40), 90) for _ in mode])
        if mode == "RGBA":
            noise.putalpha(noise.getchannel("A").point(lambda alpha: max(alpha, 1)))  # what is not seen may be dropped
        frames = {"save_all": True, "append_images": [noise.rotate(180)]} if animated else {}
        stored = kept(written(noise, "WEBP", lossless=True, exact=True, **frames))
        assert stored.convert(mode).tobytes() == noise.tobytes()

    def test_a_large_one_keeps_every_pixel(self, kept):
        wide = Image.linear_gradient("L").resize((4000, 3000))
        wide = Image.merge("RGB", [wide, wide.transpose(Image.Transpose.ROTATE_180), wide])
        assert kept(written(wide, "WEBP", lossless=True, quality=0, method=0)).tobytes() == wide.tobytes()

    def test_one_with_a_profile_stays_lossless(self, api, merchant):
        noise = Image.merge("RGB", [Image.effect_noise((50, 40), 90) for _ in range(3)])
        content = written(noise, "WEBP", lossless=True, icc_profile=profile("Adobe RGB"))
        assert b"VP8L" in api.client.get(uploaded(merchant, content)["url"]).content

    def test_a_lossy_one_stays_lossy(self, api, merchant):
        noise = Image.merge("RGBA", [Image.effect_noise((50, 40), 90) for _ in range(4)])
        stored = api.client.get(uploaded(merchant, written(noise, "WEBP"))["url"]).content
        assert b"VP8 " in stored
        assert b"VP8L" not in stored


def test_every_space_is_told_from_srgb():
    """A profile that says nothing would let the tests above pass."""
    assert len({profile(space) for space in SPACES}) == len(SPACES)
