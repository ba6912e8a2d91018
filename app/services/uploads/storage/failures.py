"""How failures of a disk or a bucket are answered."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from app.errors import StorageAway
from app.redaction import redacted

log = logging.getLogger(__name__)


@contextmanager
def storing() -> Iterator[None]:
    """Raise StorageAway when a disk is full or broken, or the bucket cannot be reached; the log says which."""
    try:
        yield
    except (BaseError, OSError) as error:
        log.warning("storage: %s", redacted(error).partition("\n")[0])
        raise StorageAway(retry_after=5) from None
