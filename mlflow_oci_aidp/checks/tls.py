"""Step "TLS": the endpoint answers an unsigned request, and its certificate is trusted."""

from __future__ import annotations

import ssl

from mlflow_oci_aidp.checks.step import Case, StepFailed
from mlflow_oci_aidp.client.network_failures import classify_exception, exception_chain
from mlflow_oci_aidp.client.no_answer import explain
from mlflow_oci_aidp.client.surroundings import Destination, problem_of_bundle
from mlflow_oci_aidp.secret import concealed

#: Causes and remedies after the connection is made, by the kind of the failure, where others fit
#: than a call has.
_NO_ANSWER = {
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

    from mlflow_oci_aidp.client.transport.http_adapter import BoundedAdapter

    endpoint = case.settings.endpoint
    if problem := problem_of_bundle():
        variable = problem.partition(" ")[0]
        raise StepFailed(f"{problem}.", f"Correct {variable}, or unset it.")
    caught: BaseException | None = None
    with requests.Session() as session:
        # An answer that drips must not keep a check waiting for ever.
        session.mount(f"{endpoint.partition(':')[0]}://", BoundedAdapter())
        session.auth = lambda request: request  # Without this, requests sends what .netrc has.
        try:
            with session.get(
                endpoint, timeout=case.timeout, allow_redirects=False, stream=True
            ) as response:
                case.date = response.headers.get("date", "")
        except (requests.RequestException, OSError, ValueError) as problem_met:
            caught = problem_met
    if caught is not None:
        raise _failure(case, caught)
    if endpoint.startswith("https:"):
        return "an answer over a trusted connection"
    return "an answer, over plain http"


def _failure(case: Case, caught: BaseException) -> StepFailed:
    endpoint = case.settings.endpoint
    failure = classify_exception(caught)
    for part in exception_chain(caught):
        if isinstance(part, ssl.SSLCertVerificationError):
            return StepFailed(
                f"The certificate of {endpoint} is not trusted: {part.verify_message}.",
                explain(failure, _destination(case))[2],
            )
    if failure.is_of_proxy:
        _, reason, remedy = explain(failure, _destination(case))
        return StepFailed(f"{endpoint}: {reason}.", remedy)
    cause, remedy = _NO_ANSWER.get(failure.kind, _OTHER_NO_ANSWER)
    return StepFailed(f"{endpoint}: {cause}.", remedy)


def _destination(case: Case) -> Destination:
    return Destination("AI Data Platform", case.settings.endpoint, case.settings)
