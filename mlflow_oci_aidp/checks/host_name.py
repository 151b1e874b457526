"""Step "name": the host name of the endpoint, or of the proxy before it, has an address."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

from mlflow_oci_aidp.checks.step import Case, StepFailed
from mlflow_oci_aidp.client.surroundings import Proxy, proxy_of


def check(case: Case) -> str:
    """Resolve the name of the host to connect to."""
    proxy = proxy_of(case.settings.endpoint)
    case.address = host, port = _host_and_port(case.settings.endpoint, proxy)
    addresses: set[str] = set()

    def resolve() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        addresses.update(str(info[4][0]) for info in infos)

    # In a thread, since the operating system may wait for minutes, and nothing can tell it not to.
    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(case.timeout)
    if not addresses:
        raise StepFailed(
            f"The name {host} could not be resolved.",
            f"Check {proxy}, then this machine's DNS and VPN."
            if proxy
            else f"Check {case.settings.endpoint_place} for mistakes, then this machine's DNS, VPN "
            "and proxy (HTTPS_PROXY).",
        )
    return f"{host} is {', '.join(sorted(addresses))}"


def _host_and_port(endpoint: str, proxy: Proxy | None) -> tuple[str, int]:
    """Return the host and the port of the proxy before an endpoint, or else of the endpoint."""
    if proxy is None:
        parts = urlsplit(endpoint)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if not proxy.host:
        raise StepFailed(
            "The proxy of the environment has no address.",
            f"Correct {proxy.place}; its form is http://host:port.",
        )
    return proxy.host, proxy.port
