"""Colour profiles (ICC.1:2022), and what colours look like in them: three wide spaces, and a printing press."""

import struct
from collections.abc import Sequence
from itertools import product

Colour = tuple[float, ...]

# The red, green and blue of each space as XYZ under D50, and the exponent of its curve (None: the one of sRGB).
SPACES: dict[str, tuple[tuple[Colour, Colour, Colour], float | None]] = {
    "sRGB": (((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)), None),
    "Display P3": (((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)), None),
    "Adobe RGB": (((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)), 563 / 256),
    "ProPhoto": (((0.79767, 0.28804, 0.0), (0.13519, 0.71187, 0.0), (0.03134, 0.00009, 0.82491)), 1.8),
}
WHITE = (0.96420, 1.0, 0.82491)
INKS = 6  # steps of each ink that the press's profile measures


def lab(colour: Sequence[int], space: str = "sRGB") -> Colour:
    """How a colour of 8 bits looks: CIE L*, a*, b* under D50."""
    primaries, exponent = SPACES[space]
    light = [_linear(part / 255, exponent) for part in colour]
    x, y, z = (sum(part * primary[axis] for part, primary in zip(light, primaries, strict=True)) for axis in range(3))
    fx, fy, fz = (_cube_root(value / white) for value, white in zip((x, y, z), WHITE, strict=True))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def printed(inks: Sequence[int]) -> Colour:
    """How a mixture of cyan, magenta, yellow and black looks on the press: a dull one."""
    *colours, black = (ink / 255 for ink in inks)
    return lab([round(255 * ((1 - 0.6 * ink) * (1 - black))) for ink in colours])


def difference(first: Colour, second: Colour) -> float:
    """CIE76: 1 can hardly be seen, 10 at a glance."""
    return float(sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5)


def profile(space: str) -> bytes:
    """The profile of one of SPACES."""
    primaries, exponent = SPACES[space]
    steps = [round(65535 * _linear(step / 1023, None)) for step in range(1024)]
    values = [round(exponent * 256)] if exponent is not None else steps
    curve = b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)
    tags = {b"wtpt": _xyz(WHITE)}
    for name, primary in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags |= {name + b"XYZ": _xyz(primary), name + b"TRC": curve}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def press() -> bytes:
    """The profile of the press of `printed`."""
    straight = bytes(range(256))
    steps = [round(255 * step / (INKS - 1)) for step in range(INKS)]
    looks = bytes(part for inks in product(steps, repeat=4) for part in _lab_in_bytes(printed(inks)))
    table = b"mft1" + bytes(4) + bytes([4, 3, INKS, 0]) + struct.pack(">9i", *_identity()) + straight * 4 + looks + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(WHITE), b"A2B0": table})


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"made\0" + bytes(4 + 4 + 2 + 1 + 67)
    parts = {b"desc": text, b"cprt": b"text" + bytes(4) + b"none\0", **tags}
    offset, index, body = 128 + 4 + 12 * len(parts), b"", b""
    for name, content in parts.items():
        index += name + struct.pack(">II", offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    rest = b"acsp" + bytes(4 * 7) + struct.pack(">3i", *(round(value * 65536) for value in WHITE)) + bytes(48)
    head = struct.pack(">I4sI4s4s4s", offset + len(body), bytes(4), 0x02400000, kind, space, connection)
    dated = head + struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + rest
    assert len(dated) == 128
    return dated + struct.pack(">I", len(parts)) + index + body


def _xyz(values: Colour) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def _identity() -> list[int]:
    return [65536 * (row == column) for row in range(3) for column in range(3)]


def _lab_in_bytes(colour: Colour) -> Colour:
    return round(colour[0] * 2.55), round(colour[1]) + 128, round(colour[2]) + 128


def _linear(value: float, exponent: float | None) -> float:
    if exponent is not None:
        return float(value**exponent)
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _cube_root(value: float) -> float:
    return float(value ** (1 / 3)) if value > 0.008856 else 7.787 * value + 16 / 116
