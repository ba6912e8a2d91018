"""Files in a local folder."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from app.services.uploads.storage.failures import storing


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, name: str, body: BinaryIO, media_type: str) -> None:
        with storing():
            if not (self.path / name).is_file():
                self._write(name, body)
            self._remember_names()  # even if another process wrote it: it may not have done this yet

    def delete(self, name: str) -> None:
        with storing():
            (self.path / name).unlink(missing_ok=True)

    async def holds(self, name: str) -> bool:
        with storing():
            return (self.path / name).is_file()

    async def read(self, name: str) -> Path | None:
        path = self.path / name
        with storing():
            return path if path.is_file() else None

    def _write(self, name: str, body: BinaryIO) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".", dir=self.path)
        try:
            with open(handle, "wb") as file:
                body.seek(0)
                shutil.copyfileobj(body, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.path / name)
        except BaseException:
            os.unlink(draft)
            raise

    def _remember_names(self) -> None:
        """Make the new name survive a power cut, before a row in the database names it."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
