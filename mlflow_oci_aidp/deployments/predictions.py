"""Predictions: find the deployment once, send, and make MLflow's answer of what came back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.connection import Response
from mlflow_oci_aidp.client.surroundings import Destination
from mlflow_oci_aidp.deployments.address import ServingAddress, serving_address
from mlflow_oci_aidp.deployments.calls import DeploymentCalls
from mlflow_oci_aidp.deployments.entities import ACTIVE, AIDP, UPDATING, Deployment
from mlflow_oci_aidp.deployments.finder import DeploymentFinder
from mlflow_oci_aidp.deployments.payload import decode_predictions, encode_inputs
from mlflow_oci_aidp.deployments.serving import Prediction, ServingClient
from mlflow_oci_aidp.deployments.serving_errors import no_predictions, not_active, unreadable
from mlflow_oci_aidp.deployments.tokens import TokenSource, checked_token_source
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.session import Session

if TYPE_CHECKING:
    from mlflow.deployments import PredictionsResponse

#: Seconds for which it is remembered where a deployment serves, and how many are.
_REMEMBERED, _MOST = 300.0, 1000
_EVENTS = "text/event-stream"
#: What ends the events of a chat model. [OpenAI's protocol, which MLflow's server follows]
_END = "[DONE]"


@dataclass(frozen=True)
class _Place:
    """Where a deployment serves, as it was read at a moment of the clock."""

    deployment: Deployment
    address: ServingAddress
    moment: float


class Predictor:
    """Asks deployments for predictions. Safe for many threads.

    It remembers for some minutes where a deployment serves, so that a prediction is one round
    trip. An answer that is no success is followed by a look at the deployment.

    Args:
        session: The session.
        calls: The operations of deployments.
        finder: Finds deployments by name.
    """

    def __init__(self, session: Session, calls: DeploymentCalls, finder: DeploymentFinder) -> None:
        self._session = session
        self._calls = calls
        self._finder = finder
        self._serving = ServingClient(session)
        self._places: dict[tuple[str, str | None], _Place] = {}

    def use_serving_token(self, source: TokenSource | None) -> None:
        """Take bearer tokens from a function; from the environment if None."""
        self._serving = ServingClient(self._session, checked_token_source(source))

    def forget(self) -> None:
        """Forget where deployments serve."""
        self._places.clear()

    def predict(self, name: Any, inputs: Any, model_name: str | None) -> PredictionsResponse:
        """Return predictions: see the method of the client."""
        body = encode_inputs(inputs)
        place = self._place(name, model_name)
        response = self._serving.send(_prediction(place, body))
        if _is_success(response):
            with suppress(*json_fields.ERRORS):
                return decode_predictions(response.body)
            raise unreadable(place.deployment, response)
        raise self._no_predictions(place.deployment, response)

    def predict_stream(
        self, name: Any, inputs: Any, model_name: str | None
    ) -> Iterator[dict[str, Any]]:
        """Yield the events of an answer: see the method of the client."""
        body = encode_inputs(inputs, is_stream=True)
        place = self._place(name, model_name)
        answer = self._serving.stream(_prediction(place, body, _EVENTS))
        if isinstance(answer, Response):
            raise self._no_predictions(place.deployment, answer)
        return _events(answer, place.deployment)

    def _place(self, name: Any, model_name: str | None) -> _Place:
        key = (str(name), model_name)
        now = self._session.clock.monotonic()
        place = self._places.get(key)
        if place is None or not 0 <= now - place.moment < _REMEMBERED:
            deployment = self._finder.require(name, model_name)
            if not deployment.serving_uri or deployment.status not in {ACTIVE, UPDATING}:
                raise not_active(deployment)
            address = serving_address(deployment, self._session.settings)
            place = _Place(deployment, address, now)
            if len(self._places) >= _MOST:
                self._places.clear()
            self._places[key] = place
        return place

    def _no_predictions(self, deployment: Deployment, response: Response) -> MlflowException:
        """Return the error for an answer that is no success, after a look at the deployment."""
        self.forget()
        if response.failure is None and response.status not in {400, 401, 413, 429}:
            now = self._calls.find(deployment.id)
            if now is None:
                return error(
                    "RESOURCE_DOES_NOT_EXIST",
                    f"{deployment} was deleted.",
                    "list_deployments() shows those that there are.",
                )
            if now.status not in {ACTIVE, UPDATING}:
                return not_active(now)
        settings = self._session.settings
        address = serving_address(deployment, settings)
        destination = Destination("AI Data Platform", address.endpoint, settings)
        return no_predictions(
            deployment, response, destination, self._example(deployment, response)
        )

    def _example(self, deployment: Deployment, response: Response) -> str | None:
        """Return an input that the model takes, if it refused one."""
        if response.status != 400:
            return None
        try:
            return self._calls.contract(deployment.id).get("input_example")
        except MlflowException:
            return None  # The refusal of the model says more than this one.


def _prediction(place: _Place, body: bytes, accept: str = "application/json") -> Prediction:
    return Prediction(place.address, body, place.deployment.auth_type or AIDP, accept)


def _is_success(response: Response) -> bool:
    return response.failure is None and response.status == 200


def _events(lines: Iterator[bytes], deployment: Deployment) -> Iterator[dict[str, Any]]:
    """Yield the objects of server-sent events.

    An event may have several lines of data; a blank line ends it.
    [https://html.spec.whatwg.org/multipage/server-sent-events.html]
    """
    data: list[str] = []
    for raw in chain(lines, (b"",)):
        line = raw.decode("utf-8", "replace")
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and data:
            text, data = "\n".join(data), []
            if text.strip() == _END:
                return
            yield _event(text, deployment)


def _event(text: str, deployment: Deployment) -> dict[str, Any]:
    value: Any = None
    with suppress(*json_fields.ERRORS):
        value = json.loads(text)
    if not isinstance(value, dict):
        raise error(
            "INTERNAL_ERROR",
            f"{deployment} sent an event that is no object in JSON.",
            "Look at the deployment's logs, with logs() of the client.",
        )
    return value
