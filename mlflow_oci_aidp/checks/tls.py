"""Step "TLS": the endpoint answers an unsigned request, and its certificate is trusted."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

from mlflow_oci_aidp.checks.step import Case, StepFailed
from mlflow_oci_aidp.client.network_failures import exception_chain
from mlflow_oci_aidp.secret import concealed

#: Failures after the connection is made, by the name of an exception in the chain. The first line
#: that fits wins. Each has a cause and a remedy.
_NO_ANSWER: Mapping[str, tuple[str, str]] = {
    "ProxyError": (
        "the proxy refuses to connect to it",
        "Check the proxy's address and credentials (HTTPS_PROXY).",
    ),
    "SSLError": (
        "TLS failed",
        "Check that the endpoint speaks TLS at this port, and that no proxy changes it.",
    ),
    "ReadTimeout": (
        "no answer in time",
        "Check the endpoint, and whether something between filters requests.",
    ),
}
_OTHER_NO_ANSWER = (
    "the connection broke before an answer",
    "Check the endpoint's scheme and port, and the proxy.",
)


@concealed
def check(case: Case) -> str:
    """Send an unsigned request, and keep the date of the answer."""
    import requests

    endpoint = case.settings.endpoint
    _check_bundle()
    chain: dict[str, BaseException] = {}
    with requests.Session() as session:
        session.auth = lambda request: request  # Without this, requests sends what .netrc has.
        try:
            with session.get(
                endpoint, timeout=case.timeout, allow_redirects=False, stream=True
            ) as response:
                case.date = response.headers.get("date", "")
        except (requests.RequestException, OSError, ValueError) as problem:
            chain = {type(part).__name__: part for part in exception_chain(problem)}
    if chain:
        raise _failure(endpoint, chain)
    if endpoint.startswith("https:"):
        return "an answer over a trusted connection"
    return "an answer, over plain http"


def _failure(endpoint: str, chain: Mapping[str, BaseException]) -> StepFailed:
    certificate = chain.get("SSLCertVerificationError")
    if isinstance(certificate, ssl.SSLCertVerificationError):
        return StepFailed(
            f"The certificate of {endpoint} is not trusted: {certificate.verify_message}.",
            "If a proxy of your company or the emulator signs certificates, set REQUESTS_CA_BUNDLE "
            "to its authority's file; if not, check the endpoint.",
        )
    explanations = (words for kind, words in _NO_ANSWER.items() if kind in chain)
    cause, remedy = next(explanations, _OTHER_NO_ANSWER)
    return StepFailed(f"{endpoint}: {cause}.", remedy)


def _check_bundle() -> None:
    """Check that the file of trusted authorities that the environment names exists."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if path := os.environ.get(variable):
            if not os.path.exists(path):
                raise StepFailed(
                    f"{variable} names {path}, which does not exist.",
                    f"Correct {variable}, or unset it.",
                )
            return
