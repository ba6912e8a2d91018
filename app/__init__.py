"""The merchant-side backend of a metaverse e-commerce platform."""

import atexit
import gc

__version__ = "0.1.0"

gc.set_threshold(50_000)  # what is imported stays: looking for garbage in it each 700 objects is a sixth of the start
atexit.register(gc.freeze)  # nor is any looked for in it at the end, which would take a third of a command's time
