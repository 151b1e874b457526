"""One TLS context for each bundle of certificates, for all connections of the process.

``urllib3`` makes a context for each connection, and each reads the bundle again. That takes longer
than the handshake: 20 ms of CPU for the bundle that ``requests`` brings along.
"""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from typing import Any

from urllib3.util.ssl_ import create_urllib3_context


class SharesContext:
    """Gives a connection of ``urllib3`` the context of its bundle, each time that it connects.

    It stands before the connection's class among the bases. A client certificate is part of a
    context, and a proxy that speaks TLS reads the bundle, too: such connections keep what
    ``urllib3`` makes for them. So does a connection whose bundle cannot be read: ``urllib3`` says
    what is wrong with it.
    """

    _bundle: tuple[str | None, str | None] | None = None

    def share_context(self) -> None:
        """Take the context of the bundle as it is now. A connection without TLS stays as it is."""
        connection: Any = self
        if self._bundle is None:
            if not _may_share(connection):
                return
            self._bundle = connection.ca_certs, connection.ca_cert_dir
        # A connection that was closed, and connects anew, has the context of before.
        connection.ssl_context = None
        connection.ca_certs, connection.ca_cert_dir = self._bundle
        bundle = str(connection.ca_certs or connection.ca_cert_dir)
        try:
            status = os.stat(bundle)
            context = _context(bundle, (status.st_mtime_ns, status.st_size, status.st_ino))
        except OSError:
            return
        connection.ssl_context = context
        connection.ca_certs = connection.ca_cert_dir = None


def _may_share(connection: Any) -> bool:
    bundle = getattr(connection, "ca_certs", None) or getattr(connection, "ca_cert_dir", None)
    if not bundle or connection.ssl_context or connection.cert_file:
        return False
    return not (connection.proxy and connection.proxy.scheme == "https")


@lru_cache(8)
def _context(bundle: str, stamp: object) -> ssl.SSLContext:
    """Make a context that verifies by a bundle, a file or a folder, as it is now."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    if os.path.isdir(bundle):
        context.load_verify_locations(capath=bundle)
    else:
        context.load_verify_locations(cafile=bundle)
    return context
