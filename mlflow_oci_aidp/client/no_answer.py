"""The words for a request that got no whole answer: what failed, and which place to mend."""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_oci_aidp.client.network_failures import NetworkFailure
from mlflow_oci_aidp.client.other_servers import NOT_KNOWN
from mlflow_oci_aidp.client.surroundings import Destination, bundle_in_use, problem_of_bundle

_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES says how often it is tried"
_SOCKS = "Install PySocks (`pip install pysocks`), or name an http proxy in {place}."
_CERTIFICATE = (
    "If a proxy of your company or the emulator signs certificates, {bundle}; if not, {check}."
)

#: Remedies by the kind of a failure, where the general one does not fit.
_REMEDIES: Mapping[str, str] = {
    "InvalidSchema": _SOCKS,
    "SSLCertVerificationError": _CERTIFICATE,
    "InvalidProxyURL": "Correct {place}: its form is http://host:port.",
    "ProxySchemeUnknown": "Correct {place}: its form is http://host:port.",
    "ProxyAuthentication": "Put both into {place}: its form is http://user:password@host:port.",
    "ProxyRefusal": "Ask who runs {proxy} to let it connect to {endpoint}, or name another proxy.",
    "ProxyError": "Check {place}, which names the proxy, and the network.",
    "OSError": "Correct REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, whichever is set, or unset it.",
    "OversizedBodyError": "Ask for less in one call.",
}


def explain(
    failure: NetworkFailure, destination: Destination, *, attempt: int = 1, is_change: bool = False
) -> tuple[str, str, str]:
    """Return the error code, the reason as a part of a sentence, and the remedy of a failure.

    Args:
        failure: The failure of the last attempt.
        destination: Where the request went.
        attempt: The number of the last attempt, from 1.
        is_change: Whether the call changes something.
    """
    bundle = ""
    if failure.may_be_bundle and destination.endpoint.startswith("https:"):
        bundle = problem_of_bundle()
    if bundle:
        variable = bundle.partition(" ")[0]
        return "INVALID_PARAMETER_VALUE", bundle, f"Correct {variable}, or unset it."
    reason = failure.reason
    proxy = destination.proxy
    if failure.is_of_proxy and proxy is not None:
        reason = f"{reason}; it is {proxy}" if proxy.host else f"{reason} (from {proxy.place})"
    remedy = _remedy(failure, destination)
    if is_change and not (failure.is_unsent and attempt == 1):
        # An earlier attempt may have got further than the last one.
        remedy = NOT_KNOWN if not failure.is_final else f"{remedy} {NOT_KNOWN}"
    return failure.error_code, reason, remedy


def _bundle() -> str:
    """Return what to do so that an authority is trusted."""
    if bundle := bundle_in_use():
        variable, path = bundle
        return f"add its authority to {path}, which {variable} names"
    return "set REQUESTS_CA_BUNDLE to its authority's file"


def _remedy(failure: NetworkFailure, destination: Destination) -> str:
    proxy = destination.proxy
    words = {
        "endpoint": destination.endpoint,
        "place": proxy.place if proxy else "the proxy settings",
        "proxy": str(proxy or "the proxy"),
        "bundle": _bundle(),
        "check": destination.check.replace("Check", "check", 1),
    }
    if failure.kind in _REMEDIES:
        return _REMEDIES[failure.kind].format(**words)
    network = "the network" if proxy else "the network and the proxy settings"
    again = "." if failure.is_final else f"; {_RETRIES}."
    return f"{destination.check}, and {network}{again}"
