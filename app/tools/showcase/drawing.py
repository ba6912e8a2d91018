"""Pictures of solids, as a product page shows them: one light, a soft shadow, a quiet background."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from app.tools.showcase.solids import Solid

SIZE, FINER = 400, 2  # pixels of a side; drawn so many times larger, and made smaller for smooth edges
ABOVE = 16.0  # degrees from which it is looked down
LIGHT = np.array([-0.45, 0.75, 0.62]) / np.linalg.norm([-0.45, 0.75, 0.62])
_HALFWAY = LIGHT + np.array([0, 0, 1])
GLINT = _HALFWAY / np.linalg.norm(_HALFWAY)
BACKGROUND = ((246, 246, 248), (222, 225, 231))  # from above to below

Floats = NDArray[np.float64]


def drawn(solids: Sequence[Solid], angle: float) -> bytes:
    """The solids as JPEG, seen from `angle` degrees around the upright axis."""
    side = SIZE * FINER
    view = _looking_down(ABOVE) @ _turned(angle)
    seen = [(solid.positions @ view.T, solid.normals @ view.T, solid) for solid in solids]
    every = np.concatenate([points for points, _, _ in seen])
    low, high = every.min(axis=0), every.max(axis=0)
    scale = 0.74 * side / max(high[0] - low[0], high[1] - low[1])
    middle = (low + high) / 2
    picture, depth = np.zeros((side, side, 3)), np.full((side, side), -np.inf)
    for points, normals, solid in seen:
        flat = np.stack([side / 2 + (points[:, 0] - middle[0]) * scale, side / 2 - (points[:, 1] - middle[1]) * scale], 1)
        shades = _shaded(normals, solid)
        for triangle in solid.triangles:
            _fill(picture, depth, flat[triangle], points[triangle, 2], shades[triangle])
    ground = side / 2 - (low[1] - middle[1]) * scale
    canvas = _background(side, (high[0] - low[0]) * scale, ground)
    shown = np.isfinite(depth)[..., None]
    pixels = np.where(shown, np.clip(picture, 0, 1) ** (1 / 2.2) * 255, np.asarray(canvas, float))
    image = Image.fromarray(pixels.round().astype(np.uint8)).resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    image.save(content, "JPEG", quality=80, optimize=True)
    return content.getvalue()


def _fill(picture: Floats, depth: Floats, corners: Floats, depths: Floats, shades: Floats) -> None:
    """Draw a triangle where it is nearer than what is there."""
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int) + 1
    (ax, ay), (bx, by), (cx, cy) = corners
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if abs(area) < 1e-9:
        return
    y, x = np.mgrid[top:bottom, left:right] + 0.5
    u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
    v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
    w = 1 - u - v
    near = u * depths[0] + v * depths[1] + w * depths[2]
    here = (slice(top, bottom), slice(left, right))
    inside = (u >= 0) & (v >= 0) & (w >= 0) & (near > depth[here])
    depth[here][inside] = near[inside]
    picture[here][inside] = np.stack([u, v, w], -1)[inside] @ shades


def _shaded(normals: Floats, solid: Solid) -> Floats:
    facing = normals * np.where(normals[:, 2:] < 0, -1, 1)  # thin sides are seen from behind too
    lit = np.clip(facing @ LIGHT, 0, 1)[:, None]
    glint = np.clip(facing @ GLINT, 0, 1)[:, None] ** (8 / solid.roughness**2) * (1 - solid.roughness) * 0.7
    sky = 0.5 + 0.5 * facing[:, 1:2]
    shades: Floats = np.array(solid.colour) * (0.30 + 0.16 * sky + 0.75 * lit) + glint
    return shades


def _background(side: int, width: float, ground: float) -> Image.Image:
    above, below = (np.array(colour, float) for colour in BACKGROUND)
    part = np.linspace(0, 1, side)[:, None, None]
    image = Image.fromarray((above * (1 - part) + below * part + np.zeros((side, side, 3))).astype(np.uint8))
    shadow = Image.new("L", (side, side), 0)
    half, flat = width * 0.5, width * 0.1
    ImageDraw.Draw(shadow).ellipse((side / 2 - half, ground - flat * 1.6, side / 2 + half, ground + flat * 0.7), fill=95)
    image.paste((120, 124, 134), mask=shadow.filter(ImageFilter.GaussianBlur(side / 40)))
    return image


def _turned(angle: float) -> Floats:
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _looking_down(angle: float) -> Floats:
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
