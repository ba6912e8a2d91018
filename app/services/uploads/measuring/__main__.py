"""The program that measures one model, in a process of its own so that its memory and time can be limited.

`python -m app.services.uploads.measuring SECONDS BYTES` measures the .glb or .gltf that is its standard input, whose parts have
been checked, using at most SECONDS of CPU and BYTES of memory. It prints the box around what the default scene shows, in
metres, as `min` and `max`, and `approximate` where it may be larger than what is shown; or null if nothing is shown.
"""

import os
import resource
import sys
from mmap import ACCESS_READ, mmap

import numpy as np
import orjson

from app.services.uploads.measuring import TOO_COSTLY
from app.services.uploads.measuring.box import Measure
from app.services.uploads.measuring.numbers import Model

_POLITE = 10  # requests go first


def main(seconds: int, memory: int) -> int:
    """Measure the model on standard input; the exit status."""
    os.nice(_POLITE)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        measure = Measure(Model(mmap(0, 0, access=ACCESS_READ)))
        with np.errstate(all="ignore"):  # what overflows is refused by who reads the result
            for number in measure.model.shown():
                measure.add(number)
    except (MemoryError, OSError):
        return TOO_COSTLY
    sys.stdout.buffer.write(orjson.dumps(measure.result()))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
