"""A client that calls with a token, an API key or the platform's signature, and raises what is refused."""

from collections.abc import Callable, Generator

import httpx

from meta_be_client.generated.client import AuthenticatedClient
from meta_be_client.problems import raise_problem
from meta_be_client.webhooks import signed

Token = str | Callable[[], str | None] | None


def connect(base_url: str, token: Token = None, *, language: str = "zh", timeout: float = 30) -> AuthenticatedClient:
    """A client of the service at `base_url`, for every generated operation.

    `token` is an access token or API key, or is asked for one at each call; None calls without. Errors are told in `language`,
    zh or en. `timeout` is in seconds. Calls raise ProblemError where they are refused, httpx.TransportError where no answer
    came.
    """
    return _client(base_url, _Bearer(token), language, timeout)


def connect_platform(base_url: str, secret: str, *, language: str = "zh", timeout: float = 30) -> AuthenticatedClient:
    """The same for the platform, whose requests are signed with `secret`, the service's PLATFORM_SECRET (whsec_…)."""
    return _client(base_url, _Signed(secret), language, timeout)


def _client(base_url: str, auth: httpx.Auth, language: str, timeout: float) -> AuthenticatedClient:
    headers = {"Accept-Language": language}
    hooks = {"response": [_read]}
    async_hooks = {"response": [_read_async]}
    client = AuthenticatedClient(base_url, token="")  # what it calls with is `auth`
    client.set_httpx_client(
        httpx.Client(base_url=base_url, auth=auth, headers=headers, timeout=timeout, event_hooks=hooks),
    )
    client.set_async_httpx_client(
        httpx.AsyncClient(base_url=base_url, auth=auth, headers=headers, timeout=timeout, event_hooks=async_hooks),
    )
    return client


def _read(response: httpx.Response) -> None:
    if response.is_error:
        response.read()
        raise_problem(response)


async def _read_async(response: httpx.Response) -> None:
    if response.is_error:
        await response.aread()
        raise_problem(response)


class _Bearer(httpx.Auth):
    def __init__(self, token: Token) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self._token() if callable(self._token) else self._token
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token}"
        yield request


class _Signed(httpx.Auth):
    requires_request_body = True

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.update(signed(self._secret, request.content))
        yield request
