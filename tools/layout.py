"""Open each page of the built documentation at two widths: nothing may stick out sideways.

Run it as `python tools/layout.py site`. It needs Chromium and Playwright; without them it says so
and succeeds, unless REQUIRE_BROWSER is set.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

#: Pixels: a laptop's window, and a phone.
WIDTHS = (1280, 390)
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_WIDEST = """() => [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(e => e.tagName + ': ' + e.textContent.trim().slice(0, 60))[0]"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *arguments: object) -> None:
        """Ignore that the browser left a page before all of it was there."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback for a block of code."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def problems(folder: Path, chromium: str) -> list[str]:
    """Return the pages that are wider than the window, and what is."""
    from playwright.sync_api import sync_playwright

    found = []
    pages = sorted(folder.rglob("index.html"))
    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900})
            # Nothing but the pages themselves is asked for.
            page.route("**/*", lambda route: _own(route, address))
            for file in pages:
                page.goto(f"{address}/{file.relative_to(folder).as_posix()}")
                if page.evaluate(_TOO_WIDE) > 0:
                    name = file.parent.relative_to(folder).as_posix()
                    found.append(f"{name} at {width} pixels: {page.evaluate(_WIDEST)}")
        browser.close()
    return found


def _own(route: object, address: str) -> None:
    if route.request.url.startswith(address):  # type: ignore[attr-defined]
        route.continue_()  # type: ignore[attr-defined]
    else:
        route.abort()  # type: ignore[attr-defined]


def main(folder: str) -> int:
    """Check a folder; return the exit status."""
    chromium = shutil.which("chromium")
    try:
        import playwright  # noqa: F401
    except ImportError:
        chromium = None
    if chromium is None:
        print("The layout was not checked: it needs Chromium and Playwright.")  # noqa: T201
        return int(bool(os.environ.get("REQUIRE_BROWSER")))
    found = problems(Path(folder), chromium)
    for problem in found:
        print(f"Too wide: {problem}")  # noqa: T201
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
