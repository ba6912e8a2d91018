"""Files in a bucket that speaks the protocol of Amazon S3."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import BinaryIO

import obstore
from obstore.store import S3Store

from app.config import Bucket
from app.services.uploads.storage.failures import storing

_PIECE = 1_000_000  # bytes that are sent on at a time


@dataclass(frozen=True, slots=True)
class Stream:
    """A file on its way from the bucket."""

    size: int
    pieces: AsyncIterator[bytes]


class S3:
    def __init__(self, bucket: Bucket) -> None:
        self.store = S3Store(
            bucket.name,
            prefix="files",
            endpoint=bucket.endpoint,
            access_key_id=bucket.access_key,
            secret_access_key=bucket.secret_key,
            region=bucket.region,
            client_options={"allow_http": True, "connect_timeout": "5s", "read_timeout": "30s", "timeout": "1h"},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        )

    def put(self, name: str, body: BinaryIO, media_type: str) -> None:
        with storing():
            if not self._has(name):
                body.seek(0)
                obstore.put(self.store, name, body, attributes={"Content-Type": media_type})

    def delete(self, name: str) -> None:
        with storing(), suppress(FileNotFoundError):
            obstore.delete(self.store, name)

    async def holds(self, name: str) -> bool:
        with storing():
            try:
                await obstore.head_async(self.store, name)
            except FileNotFoundError:
                return False
            return True

    async def read(self, name: str) -> Stream | None:
        with storing():
            try:
                found = await obstore.get_async(self.store, name)
            except FileNotFoundError:
                return None
            return Stream(found.meta["size"], _pieces(found))

    def _has(self, name: str) -> bool:
        try:
            obstore.head(self.store, name)
        except FileNotFoundError:
            return False
        return True


@cache
def opened(bucket: Bucket) -> S3:
    """The bucket, its connections kept for the next call."""
    return S3(bucket)


async def _pieces(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for piece in found.stream(min_chunk_size=_PIECE):
        yield bytes(piece)
