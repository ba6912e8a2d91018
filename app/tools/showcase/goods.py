"""The goods of the demo shop as solids, in metres."""

from collections.abc import Callable

import numpy as np

from app.tools.showcase.solids import Colour, Solid, ball, box, tube, turned

PORCELAIN, COBALT = (0.86, 0.89, 0.92), (0.03, 0.10, 0.42)
WOOD, CANE = (0.30, 0.11, 0.05), (0.62, 0.42, 0.20)
AMBER, GREEN, CREAM, DARK = (0.55, 0.25, 0.05), (0.10, 0.30, 0.11), (0.82, 0.72, 0.50), (0.10, 0.05, 0.03)
BLUE, STEEL, BEECH = (0.10, 0.28, 0.62), (0.55, 0.58, 0.62), (0.75, 0.58, 0.36)


def vase() -> list[Solid]:
    outline = [(0.05, 0.0), (0.062, 0.004), (0.06, 0.02), (0.075, 0.05), (0.1, 0.1), (0.115, 0.15), (0.118, 0.2), (0.108, 0.25)]
    outline += [(0.085, 0.29), (0.055, 0.32), (0.04, 0.345), (0.036, 0.375), (0.042, 0.405), (0.058, 0.425), (0.056, 0.43)]
    heights, radii = [h for _, h in outline], [r for r, _ in outline]

    def band(low: float, high: float, colour: Colour, out: float = 0.0) -> Solid:
        steps = np.linspace(low, high, max(2, int((high - low) / 0.02)))
        return turned([(float(np.interp(h, heights, radii)) + out, float(h)) for h in steps], colour)

    blue = [
        (0.012, 0.022),
        (0.055, 0.062),
        (0.075, 0.08),
        (0.135, 0.2),
        (0.262, 0.267),
        (0.275, 0.285),
        (0.34, 0.352),
        (0.418, 0.428),
    ]
    return [band(0.0, 0.43, PORCELAIN), *(band(low, high, COBALT, 0.0012) for low, high in blue)]


def chair() -> list[Solid]:
    legs = [tube([(x, 0, z), (x, 0.48, z)], 0.017, WOOD) for x in (-0.27, 0.27) for z in (-0.21, 0.21)]
    posts = [tube([(x, 0.48, 0.21), (x * 1.05, 0.73, 0.22)], 0.014, WOOD) for x in (-0.27, 0.27)]
    posts += [tube([(x, 0.48, -0.2), (x * 0.72, 0.81, -0.19)], 0.014, WOOD) for x in (-0.25, 0.25)]
    turn = np.radians(np.linspace(-20, 200, 20))
    rail = tube([(0.3 * np.cos(a), 0.82 - 0.07 * (1 - np.sin(a)), 0.12 - 0.36 * np.sin(a)) for a in turn], 0.017, WOOD)
    splat = tube([(0, h, -0.2 - 0.035 * np.sin((h - 0.48) * 9)) for h in np.linspace(0.48, 0.82, 9)], 0.03, WOOD, around=14)
    bars = [box((0, 0.1, z), (0.52, 0.02, 0.02), WOOD) for z in (-0.21, 0.21)]
    bars += [box((x, 0.16, 0), (0.02, 0.02, 0.4), WOOD) for x in (-0.27, 0.27)]
    seat = [box((0, 0.475, 0), (0.6, 0.045, 0.48), WOOD), box((0, 0.5, 0), (0.5, 0.008, 0.38), CANE)]
    return [*legs, *posts, rail, splat, *bars, *seat]


def horse() -> list[Solid]:
    legs = [
        tube([(x, 0.04, z), (x * 0.96, 0.16, z), (x * 0.9, 0.3, z * 0.9)], 0.024, AMBER)
        for x in (-0.15, 0.14)
        for z in (-0.06, 0.06)
    ]
    hooves = [box((x, 0.05, z), (0.05, 0.03, 0.05), DARK) for x in (-0.15, 0.14) for z in (-0.06, 0.06)]
    body = [ball((0, 0.34, 0), (0.2, 0.1, 0.1), AMBER), ball((-0.12, 0.36, 0), (0.1, 0.1, 0.095), AMBER)]
    neck = [
        ball((0.19, 0.45, 0), (0.075, 0.15, 0.06), AMBER, tilt=-32),
        ball((0.16, 0.48, 0), (0.03, 0.14, 0.02), CREAM, tilt=-32),
    ]
    head = [
        ball((0.31, 0.55, 0), (0.1, 0.05, 0.045), AMBER, tilt=-38),
        ball((0.355, 0.515, 0), (0.04, 0.034, 0.034), CREAM, tilt=-38),
    ]
    ears = [ball((0.255, 0.62, z), (0.012, 0.032, 0.01), AMBER, tilt=-10) for z in (-0.022, 0.022)]
    saddle = [ball((-0.01, 0.41, 0), (0.1, 0.055, 0.1), GREEN), ball((-0.01, 0.45, 0), (0.07, 0.035, 0.06), CREAM)]
    tail = tube([(-0.2, 0.4, 0), (-0.26, 0.4, 0), (-0.28, 0.3, 0), (-0.26, 0.2, 0)], 0.02, CREAM)
    return [box((0, 0.02, 0), (0.46, 0.04, 0.22), CREAM), *legs, *hooves, *body, *neck, *head, *ears, *saddle, tail]


def desk() -> list[Solid]:
    posts = [box((x, 0.3, -0.1), (0.05, 0.58, 0.05), STEEL, roughness=0.35) for x in (-0.3, 0.3)]
    feet = [box((x, 0.02, 0), (0.06, 0.04, 0.46), STEEL, roughness=0.35) for x in (-0.3, 0.3)]
    top = [box((0, 0.61, 0), (0.8, 0.03, 0.5), BEECH), box((0, 0.595, 0.25), (0.8, 0.03, 0.02), BLUE)]
    drawer = [box((0, 0.53, 0), (0.56, 0.11, 0.38), BLUE), tube([(-0.05, 0.53, 0.2), (0.05, 0.53, 0.2)], 0.008, STEEL)]
    bar = box((0, 0.14, -0.1), (0.6, 0.05, 0.03), BLUE)
    books = [
        box((-0.25 + 0.045 * n, 0.71, -0.16), (0.035, 0.17 - 0.02 * (n % 2), 0.13), c)
        for n, c in enumerate((BLUE, CREAM, GREEN))
    ]
    return [*posts, *feet, *top, *drawer, bar, *books]


GOODS: dict[str, Callable[[], list[Solid]]] = {"vase": vase, "chair": chair, "horse": horse, "desk": desk}
