"""What the demo shop shows of its goods: a 3D model of each, and a picture that is drawn from it."""

from app.tools.showcase.drawing import drawn
from app.tools.showcase.goods import GOODS
from app.tools.showcase.solids import glb

ANGLE = 35.0  # degrees around the upright axis


def model(name: str) -> bytes:
    """The model of these goods as GLB, in metres, standing on the ground."""
    return glb(GOODS[name]())


def picture(name: str) -> bytes:
    """A picture of the model as JPEG."""
    return drawn(GOODS[name](), ANGLE)
