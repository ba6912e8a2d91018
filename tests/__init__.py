"""The tests. Python keeps what it compiled of them and of the app, also where it is told not to: that is half of a start."""

import os
import sys
from pathlib import Path

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # for the processes that tests start

ROOT = Path(__file__).parent.parent
