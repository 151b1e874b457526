"""Where requests go: the form of an endpoint, and the beginnings of paths."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from mlflow_oci_aidp.invalid_input import invalid_parameter

#: The beginning of each path, by the version of the API. The version and the name of the collection
#: change together. [20260430: Oracle's REST reference and aidp-python-client 5.1.1; 20240831: seen
#: on live instances, oracle-samples/oracle-aidp-samples]
API_VERSIONS = {"20260430": "/20260430/aiDataPlatforms", "20240831": "/20240831/dataLakes"}
DEFAULT_API_VERSION = "20260430"

_FORM = "Its form is https://host[:port]."


def checked_endpoint(value: str, place: str) -> str:
    """Return an endpoint as requests are sent to it.

    Args:
        value: The endpoint as it is set; without a scheme it is https.
        place: Where it is set, in words.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` for what is no address, holds more than an address,
            or is plain http beyond loopback.
    """
    text = value if "://" in value else f"https://{value}"
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        scheme, host, port = "", "", None
    if "@" in text:
        # What is before it may be a password: the value is not shown.
        raise invalid_parameter(
            f"The endpoint (from {place}) holds more than scheme, host and port.", _FORM
        )
    shown = f"The endpoint {value!r} (from {place})"
    if not host or port == 0 or not text.isprintable() or any(c.isspace() for c in text):
        raise invalid_parameter(f"{shown} is not an address.", _FORM)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise invalid_parameter(f"{shown} holds more than scheme, host and port.", _FORM)
    if scheme not in {"http", "https"}:
        raise invalid_parameter(f"{shown} is neither https nor http.", _FORM)
    if scheme == "http" and not is_loopback(host):
        raise invalid_parameter(
            f"{shown} is plain http, which is allowed for loopback addresses alone.", "Use https."
        )
    return f"{scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
