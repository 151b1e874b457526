"""Step "name": the host name of the endpoint, or of the proxy before it, has an address."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

from mlflow_oci_aidp.checks.step import Case, StepFailed
from mlflow_oci_aidp.secret import concealed


def check(case: Case) -> str:
    """Resolve the name of the host to connect to."""
    case.address = host, port = _host_and_port(case.settings.endpoint)
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
            "Check region and endpoint for mistakes, then this machine's DNS, VPN and proxy "
            "(HTTPS_PROXY).",
        )
    return f"{host} is {', '.join(sorted(addresses))}"


@concealed
def _host_and_port(endpoint: str) -> tuple[str, int]:
    """Return the host and the port of the proxy for an endpoint, or else of the endpoint."""
    from requests.utils import get_environ_proxies, select_proxy

    address = str(select_proxy(endpoint, get_environ_proxies(endpoint)) or endpoint)
    parts = urlsplit(address if "://" in address else f"http://{address}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname:
        raise StepFailed(
            "The proxy of the environment has no address.",
            "Correct HTTPS_PROXY; its form is http://host:port.",
        )
    return parts.hostname, port or (443 if parts.scheme == "https" else 80)
