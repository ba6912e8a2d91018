"""The console: the pages that merchants and staff look at, as `make console` built them."""

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.errors import ConsoleNotBuilt, NoSuchPath
from app.web.etags import is_known

PREFIX = "/console"
BUILT = Path(__file__).parents[2] / "console" / "dist"
START = "index.html"
_ASSETS = "assets/"  # named by a digest of what they hold
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self' blob:; worker-src 'self' blob:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}
_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "wasm": "application/wasm",
}
_GZIP = re.compile(r"(^|[,\s])(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*(,|$))|,|$)")


@dataclass(frozen=True, slots=True)
class _Page:
    """A built file; `packed` is the same with gzip, as the build left it beside it."""

    content: bytes
    packed: bytes | None
    media_type: str
    etag: str
    is_asset: bool


async def _show(request: Request) -> Response:
    """A built file; any other path that is no asset's is a place within the pages, which the start page shows."""
    name = request.path_params["name"]
    pages = _pages(_built_at())
    if not pages:
        raise ConsoleNotBuilt
    page = pages.get(name) or (None if name.startswith(_ASSETS) else pages[START])
    if page is None:
        raise NoSuchPath
    kept = "public, max-age=31536000, immutable" if page.is_asset else "no-cache"
    headers = {**_HEADERS, "ETag": page.etag, "Cache-Control": kept}
    if is_known(request, page.etag):
        return Response(status_code=304, headers=headers)
    content = page.content
    if page.packed is not None and _GZIP.search(request.headers.get("accept-encoding", "")):
        content, headers["Content-Encoding"] = page.packed, "gzip"
    return Response(content, headers=headers, media_type=page.media_type)


async def _to_the_start(request: Request) -> Response:
    return RedirectResponse(f"{PREFIX}/")


def is_built() -> bool:
    """Whether there are pages to show."""
    return _built_at() is not None


def _built_at() -> int | None:
    """When the pages were built, so that a new build shows without a new start; None before the first."""
    try:
        return (BUILT / START).stat().st_mtime_ns
    except FileNotFoundError:
        return None


@cache
def _pages(built_at: int | None) -> dict[str, _Page]:
    """Every built file by its path, in memory: together they are a few megabytes."""
    if built_at is None:
        return {}
    files = (path for path in sorted(BUILT.rglob("*")) if path.suffix.removeprefix(".") in _MEDIA_TYPES)
    return {path.relative_to(BUILT).as_posix(): _page(path) for path in files}


def _page(path: Path) -> _Page:
    content, packed = path.read_bytes(), path.with_name(f"{path.name}.gz")
    return _Page(
        content,
        packed.read_bytes() if packed.exists() else None,
        _MEDIA_TYPES[path.suffix.removeprefix(".")],
        f'"{sha256(content).hexdigest()[:32]}"',
        path.relative_to(BUILT).as_posix().startswith(_ASSETS),
    )


ROUTES = [Route(PREFIX, _to_the_start), Route(PREFIX + "/{name:path}", _show)]
