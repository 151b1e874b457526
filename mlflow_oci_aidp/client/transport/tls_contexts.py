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


def share_context(connection: Any) -> None:
    """Give a connection of ``urllib3`` the context of its bundle, before it connects.

    A client certificate is part of a context, and a proxy that speaks TLS reads the bundle, too:
    such connections keep what ``urllib3`` makes for them. So does a connection whose bundle cannot
    be read: ``urllib3`` says what is wrong with it.

    Args:
        connection: The connection. One that does not speak TLS stays as it is.
    """
    bundle = getattr(connection, "ca_certs", None) or getattr(connection, "ca_cert_dir", None)
    if not bundle or connection.ssl_context or connection.cert_file:
        return
    if connection.proxy and connection.proxy.scheme == "https":
        return
    try:
        status = os.stat(bundle)
        context = _context(bundle, (status.st_mtime_ns, status.st_size, status.st_ino))
    except OSError:
        return
    connection.ssl_context = context
    connection.ca_certs = connection.ca_cert_dir = None


@lru_cache(8)
def _context(bundle: str, stamp: object) -> ssl.SSLContext:
    """Make a context that verifies by a bundle, a file or a folder, as it is now."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    if os.path.isdir(bundle):
        context.load_verify_locations(capath=bundle)
    else:
        context.load_verify_locations(cafile=bundle)
    return context
