"""Requests to the app in this process, with one step to its event loop for each: Starlette's client takes nine."""

import asyncio
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal

from app.main import app

HERE = ("testclient", 50000)


class Client(httpx.Client):
    """A client of the app, which runs on the event loop of `portal`; an answer is there once the app is done with it."""

    def __init__(self, portal: BlockingPortal, address: tuple[str, int] = HERE) -> None:
        self.portal = portal
        self.loop = portal.call(asyncio.get_running_loop)
        asked = httpx.ASGITransport(app, raise_app_exceptions=False, client=address)
        super().__init__(
            transport=_Transport(asked, self),
            base_url="http://testserver",
            headers={"user-agent": "testclient"},
            follow_redirects=True,
            trust_env=False,
        )


class _Transport(httpx.BaseTransport):
    def __init__(self, asked: httpx.ASGITransport, client: Client) -> None:
        self._asked = asked
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return asyncio.run_coroutine_threadsafe(self._answer(request), self._client.loop).result()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asked.handle_async_request(request)
        stream: Any = answer.stream
        body = b"".join([part async for part in stream])
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body))
