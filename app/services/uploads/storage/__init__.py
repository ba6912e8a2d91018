"""Where uploaded files lie: a local folder, or an S3 bucket when one is configured. What lies there never changes."""

from pathlib import Path
from typing import BinaryIO, Protocol

from app.config import settings
from app.services.uploads.storage import s3
from app.services.uploads.storage.folder import Folder


class Storage(Protocol):
    """Files by their names. `put` of a name that is there does nothing; every call may raise StorageAway."""

    def put(self, name: str, body: BinaryIO, media_type: str) -> None:
        """Keep a file: all of it, or nothing."""

    async def holds(self, name: str) -> bool:
        """Whether the file is there."""

    async def read(self, name: str) -> Path | s3.Stream | None:
        """The file: its path when it is at hand, else a stream; None when it is not there."""


def storage() -> Storage:
    """The storage that is configured."""
    bucket = settings.bucket
    return Folder(settings.data_dir / "files") if bucket is None else s3.opened(bucket)
