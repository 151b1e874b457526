"""Where requests go and what stands between, with the places that say so: for errors.

An endpoint comes from a setting or a region, a proxy and a bundle of certificates from variables
that ``requests`` reads. An error names them, so that whoever reads it knows what to mend.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from mlflow_oci_aidp.secret import Secret, concealed
from mlflow_oci_aidp.settings import Settings

#: The variables that name the bundle of trusted certificates, as ``requests`` reads them.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PORTS = {"https": 443, "http": 80}


class Proxy(NamedTuple):
    """A proxy.

    Attributes:
        address: Its address, without user name and password.
        place: The variable that names it, or words for the operating system's own settings.
        host: Its host; ``""`` if the address has none.
        port: Its port.
        is_default: Whether the address names no port, so that it is the scheme's.
    """

    address: str
    place: str
    host: str
    port: int
    is_default: bool = False

    def __str__(self) -> str:
        port = f"; it names no port, so that {self.port} is taken" if self.is_default else ""
        return f"the proxy {self.address} (from {self.place}{port})"


@dataclass(frozen=True)
class Destination:
    """Where requests go.

    Attributes:
        service: The name of the service, such as ``"AI Data Platform"``.
        endpoint: Scheme, host and port.
        settings: The settings, which know where the endpoint comes from.
        is_storage: Whether it is Object Storage.
        proxies: The proxies by their schemes, as ``requests`` takes them; those of the environment
            if None.
    """

    service: str
    endpoint: str
    settings: Settings
    is_storage: bool = False
    # The address of a proxy may hold a password.
    proxies: Mapping[str, Secret] | None = None

    @property
    def proxy(self) -> Proxy | None:
        """The proxy that requests pass through, None if there is none."""
        return proxy_of(self.endpoint, self.proxies)

    @property
    def check(self) -> str:
        """The beginning of a remedy: what to check, and where it is set."""
        settings = self.settings
        place = settings.storage_place if self.is_storage else settings.endpoint_place
        proxy = self.proxy
        through = f" and {proxy}" if proxy else ""
        return f"Check the endpoint {self.endpoint} (from {place}){through}"

    @property
    def wrong_answer(self) -> str:
        """The remedy for an answer that the service would not give."""
        return f"{self.check}: this may not be the answer of an {self.service}."


@concealed
def proxy_of(endpoint: str, proxies: Mapping[str, Secret] | None = None) -> Proxy | None:
    """Return the proxy that ``requests`` takes for an endpoint, None if it takes none.

    Args:
        endpoint: Scheme, host and port.
        proxies: The proxies; those of the environment if None.
    """
    from requests.utils import get_environ_proxies, select_proxy

    if proxies is None:
        plain = get_environ_proxies(endpoint)
    else:
        plain = {scheme: proxy.reveal() for scheme, proxy in proxies.items()}
    address = select_proxy(endpoint, plain)
    if not address:
        return None
    scheme = endpoint.partition("://")[0]
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    named = [name for name in names if os.environ.get(name) == address]
    place = named[0] if named else "the settings of this system"
    return _proxy(str(address), place)


def _proxy(address: str, place: str) -> Proxy:
    text = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return Proxy("", place, "", 0)
    # What is before the last @ is a user name and a password.
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    default = 1080 if parts.scheme.startswith("socks") else _PORTS.get(parts.scheme, 80)
    return Proxy(shown, place, host, port or default, port is None)


def problem_of_bundle() -> str:
    """Return what is wrong with the bundle of certificates that the environment names.

    Returns:
        A part of a sentence that begins with the variable; ``""`` if nothing is wrong.
    """
    bundle = bundle_in_use()
    return _problem_of_bundle(*bundle) if bundle else ""


def bundle_in_use() -> tuple[str, str] | None:
    """Return the variable that names a bundle of certificates, and its path; None without one."""
    bundles = ((variable, os.environ.get(variable, "")) for variable in _BUNDLES)
    return next((bundle for bundle in bundles if bundle[1]), None)


def _problem_of_bundle(variable: str, path: str) -> str:
    if not os.path.exists(path):
        return f"{variable} names {path}, which does not exist"
    try:
        if os.path.isdir(path):
            ssl.create_default_context(capath=path)
        else:
            ssl.create_default_context(cafile=path)
    except (OSError, ValueError):
        return f"{variable} names {path}, which holds no certificates that can be read"
    return ""
