"""Where uploaded files are stored: a local folder, or an S3 bucket if one is configured. Stored files never change."""

from pathlib import Path
from typing import BinaryIO, Protocol

from app.config import settings
from app.services.uploads.storage import s3
from app.services.uploads.storage.folder import Folder


class Storage(Protocol):
    """Files by their names. `put` does nothing if the name is there already."""

    def put(self, name: str, body: BinaryIO, media_type: str) -> None:
        """Store the whole file, or nothing of it; raises StorageAway."""

    def delete(self, name: str) -> None:
        """Remove the file if it is there."""

    async def holds(self, name: str) -> bool:
        """Whether the file is there; raises StorageAway."""

    async def read(self, name: str) -> Path | s3.Stream | None:
        """The file, as a path if it is on this machine, else as a stream; None when it is not there. Raises StorageAway."""


def storage() -> Storage:
    """The storage that is configured."""
    bucket = settings.bucket
    return Folder(settings.data_dir / "files") if bucket is None else s3.opened(bucket)
