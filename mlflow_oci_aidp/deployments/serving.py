"""Ask a deployment for predictions: sign or bear the token, send, read the answer.

A prediction is no call of the platform's API. It has no retry token and no ``dh-user-principal``,
and it is not repeated unless nothing of it was sent, or the answer says that it was not begun (429,
503).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import mlflow.environment_variables
import requests
from mlflow.environment_variables import MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT
from requests.structures import CaseInsensitiveDict

from mlflow_oci_aidp.client.connection import (
    NO_ANSWER,
    ConnectionOptions,
    ConnectionPool,
    Response,
    pieces_of,
    read_body,
    response_of,
    user_agent,
)
from mlflow_oci_aidp.client.mlflow_variables import read_variable
from mlflow_oci_aidp.client.network_failures import classify_exception
from mlflow_oci_aidp.client.retry import LONGEST_TIMEOUT, RetryPolicy
from mlflow_oci_aidp.client.transport.http_adapter import REQUEST_ID, Answer
from mlflow_oci_aidp.client.transport.request_ids import attempt_id, new_call_id
from mlflow_oci_aidp.deployments.address import ServingAddress
from mlflow_oci_aidp.deployments.entities import OAUTH
from mlflow_oci_aidp.deployments.tokens import TokenSource, serving_token, token_from
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.fork_safety import PerProcess
from mlflow_oci_aidp.secret import Secret, concealed
from mlflow_oci_aidp.session import Session

#: Statuses that say that a prediction was not begun.
_NOT_BEGUN = frozenset({429, 503})
#: Seconds that a prediction with its repetitions may take. [MLflow's default since 3.2]
_LONGEST = 600.0


@dataclass(frozen=True)
class Prediction:
    """The request of a prediction, which its attempts have in common.

    Attributes:
        address: Where it goes.
        body: The JSON.
        auth_type: ``AIDP``, which is signed, or ``OAUTH``, which bears a token.
        accept: The media type of the answer.
    """

    address: ServingAddress
    body: bytes
    auth_type: str
    accept: str = "application/json"


class ServingClient:
    """Sends predictions. Safe for many threads; a forked child opens connections of its own.

    Args:
        session: The session, which has identity, retry policy and clock.
        token_source: Returns the token for deployments with ``OAUTH``; that of the environment if
            None.
    """

    def __init__(self, session: Session, token_source: TokenSource | None = None) -> None:
        self._session = session
        self._token_source = token_source

    def send(self, prediction: Prediction) -> Response:
        """Send a prediction and read the whole answer, whatever it says."""
        policy = self._policy()
        call_id = new_call_id()
        pool = self._pool(prediction.address.endpoint)

        def attempt(number: int) -> Response:
            request_id = attempt_id(call_id, number)
            response = self._attempt(prediction, request_id, pool, policy.timeout)
            response.request_id = response.request_id or request_id
            return response

        execute = partial(
            policy.execute,
            attempt,
            call="predict",
            renew=partial(self._renew, prediction.auth_type),
            clock=self._session.clock,
            endpoint=prediction.address.endpoint,
        )
        observer = self._session.client.observer
        return observer.call("POST", "{serving_uri}", execute) if observer else execute()

    def stream(self, prediction: Prediction) -> Response | Iterator[bytes]:
        """Send a prediction once, and yield the lines of its answer as they come.

        Returns:
            The lines, without their ends; or the answer, if it is no success.
        """
        request_id = attempt_id(new_call_id(), 1)
        answer = self._open(prediction, request_id, self._pool(prediction.address.endpoint))
        if isinstance(answer, Response):
            answer.request_id = answer.request_id or request_id
            return answer
        return self._lines(answer, request_id)

    @concealed
    def _attempt(
        self, prediction: Prediction, request_id: str, pool: ConnectionPool, timeout: float
    ) -> Response:
        request = self._authorized(prediction, request_id)
        return _without_echo(pool.send(request, timeout), request)

    @concealed
    def _open(
        self, prediction: Prediction, request_id: str, pool: ConnectionPool
    ) -> Response | Answer:
        try:
            request = self._authorized(prediction, request_id)
            answer = pool.open(request, _total_timeout())
            if answer.status_code == 200:
                return answer
            return _without_echo(response_of(answer, read_body(answer)), request)
        except NO_ANSWER as problem:
            failure = classify_exception(problem)
        return Response(failure=failure)

    def _lines(self, answer: Answer, request_id: str) -> Iterator[bytes]:
        failure = None
        rest = b""
        try:
            for piece in pieces_of(answer.raw):
                *lines, rest = (rest + piece).split(b"\n")
                yield from (line.rstrip(b"\r") for line in lines)
        except NO_ANSWER as problem:
            failure = classify_exception(problem)
        finally:
            answer.close()
        if failure is not None:
            raise error(
                failure.error_code,
                f"The answer to predict_stream broke off: {failure.reason} (sent as "
                f"opc-request-id {request_id}).",
                "What came before is all that there is; ask again for the whole answer.",
            )
        if rest:
            yield rest

    def _authorized(self, prediction: Prediction, request_id: str) -> requests.PreparedRequest:
        request = requests.PreparedRequest()
        request.method, request.url = "POST", prediction.address.url
        request.body = prediction.body
        request.headers = CaseInsensitiveDict(
            {
                "accept": prediction.accept,
                "content-type": "application/json",
                "content-length": str(len(prediction.body)),
                "host": prediction.address.endpoint.partition("://")[2],
                REQUEST_ID: request_id,
                "user-agent": user_agent(),
            }
        )
        if prediction.auth_type == OAUTH:
            request.headers["authorization"] = f"Bearer {self._token().reveal()}"
        else:
            self._session.identity.sign(request)
        return request

    def _token(self) -> Secret:
        token = token_from(self._token_source) if self._token_source else serving_token()
        if token is None:
            raise error(
                "UNAUTHENTICATED",
                "This deployment takes tokens of an identity provider, and there is none.",
                "Set AIDP_SERVING_TOKEN, or pass a function that returns a token to "
                "use_serving_token of the client.",
            )
        return token

    def _renew(self, auth_type: str) -> bool:
        return auth_type != OAUTH and self._session.identity.renew()

    def _policy(self) -> RetryPolicy:
        timeout = min(read_variable(MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT, 1), LONGEST_TIMEOUT)
        return replace(
            self._session.policy,
            timeout=timeout,
            longest_call=max(timeout, _total_timeout()),
            only_after=_NOT_BEGUN,
        )

    def _pool(self, endpoint: str) -> ConnectionPool:
        def make() -> PerProcess[ConnectionPool]:
            options = ConnectionOptions.from_environment(endpoint)
            return PerProcess(lambda: ConnectionPool(endpoint, options))

        return self._session.shared(("serving", endpoint), make).get()


def _without_echo(response: Response, request: requests.PreparedRequest) -> Response:
    """Take what authorized the request out of an answer that is shown in an error."""
    sent = str(request.headers["authorization"])
    secrets = (sent, sent.partition(" ")[2])
    if response.status != 200:
        for secret in secrets:
            for form in (secret, json.dumps(secret)[1:-1]):
                response.body = response.body.replace(form.encode(), b"<secret>")
    return response


def _total_timeout() -> float:
    """Return the seconds that a prediction may take, its repetitions included."""
    # MLflow 3.1 does not have the variable.
    name = "MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT"
    variable = getattr(mlflow.environment_variables, name, None)
    return min(read_variable(variable, 1), LONGEST_TIMEOUT) if variable else _LONGEST
