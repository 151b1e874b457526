"""Where predictions may be sent: to the platform alone, whatever an answer of it says.

A signature, or a token, in the hands of another server is worth what its bearer may do. So the
address of a deployment counts only if its host is the endpoint's, one below the service's own
domain in the region, or one that a setting names.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from mlflow_oci_aidp import regions
from mlflow_oci_aidp.deployments.entities import Deployment
from mlflow_oci_aidp.endpoints import is_loopback
from mlflow_oci_aidp.errors import AidpError, error
from mlflow_oci_aidp.settings import Settings


@dataclass(frozen=True)
class ServingAddress:
    """Where the predictions of a deployment are asked for.

    Attributes:
        url: The whole address.
        endpoint: Scheme, host and port.
    """

    url: str
    endpoint: str


def serving_address(deployment: Deployment, settings: Settings) -> ServingAddress:
    """Return the address of a deployment, if it is the platform's.

    Args:
        deployment: A deployment with a ``serving_uri``.
        settings: The settings, which know the endpoint, the region and further hosts.

    Raises:
        AidpError: ``PERMISSION_DENIED`` for any other address.
    """
    url = f"{deployment.serving_uri or ''}{settings.serving_path}"
    problem, host, netloc, scheme = "", "", "", ""
    try:
        parts = urlsplit(url)
        # What it has as its port is looked at, too: it may be no number.
        scheme, netloc, host, _ = parts.scheme, parts.netloc, _normal(parts.hostname), parts.port
    except ValueError:
        problem = "it is no address"
    if not problem:
        problem = _problem(url, scheme, netloc, host)
    if not problem and host not in _hosts(settings) and not host.endswith(_domains(settings)):
        problem = f"the host {host!r} is not the platform's"
    if problem:
        raise _refusal(deployment, problem)
    return ServingAddress(url, f"{scheme}://{netloc}")


def _problem(url: str, scheme: str, netloc: str, host: str) -> str:
    if not host or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "it is no address"
    if "@" in netloc:
        return "it holds a user name"
    if scheme != "https" and not (scheme == "http" and is_loopback(host)):
        return "it is not https"
    return ""


def _refusal(deployment: Deployment, problem: str) -> AidpError:
    return error(
        "PERMISSION_DENIED",
        f"{deployment} has the serving_uri {deployment.serving_uri!r}, and {problem}, so that "
        "nothing was sent there.",
        "If that host is the platform's, add it to AIDP_SERVING_HOSTS.",
    )


def _normal(host: str | None) -> str:
    return (host or "").casefold().rstrip(".")


def _hosts(settings: Settings) -> set[str]:
    endpoint = _normal(urlsplit(settings.endpoint).hostname)
    return {endpoint, *map(_normal, settings.serving_hosts)}


def _domains(settings: Settings) -> tuple[str, ...]:
    """Return the ends of the names of the service's own hosts in the region.

    The realm's domain alone would be too wide: customers' own functions live below it.
    """
    region = settings.region or regions.region_of(settings.instance_id)
    if not region:
        return ()
    own = _normal(urlsplit(regions.default_endpoint(region)).hostname)
    return (f".{own}",)
