"""Answer predictions: check who asks, hand the request on to the model, keep what happened.

The paths are the emulator's own: what a ``serving_uri`` of the platform looks like is not known.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import Any

from ..contract.refusal import Refusal, not_found
from ..server.messages import Request, Response, json_or_none
from ..server.routing import Route, RouteMatch, RouteTable
from ..serving.process import ServingProcess
from ..state.deployments import DeploymentStore
from .deployments import DeploymentService, model_key

PREFIX = "/modelendpoint/"

Json = dict[str, Any]


class ServingService:
    """The addresses of active deployments.

    Args:
        deployments: Keep what happened.
        store: Has the deployments.
        process: Has the models.
        check_token: Returns whom a bearer token is for, or raises ``Refusal``, by the claims that
            the deployment names.
    """

    takes_files = False
    routes = RouteTable(
        [
            Route(
                "POST",
                re.compile(r"/modelendpoint/(?P<deployment>[^/]+)(?:/invocations)?"),
                "predict",
            )
        ]
    )

    def __init__(
        self,
        deployments: DeploymentService,
        store: DeploymentStore,
        process: ServingProcess,
        check_token: Callable[[str, Json], str],
    ) -> None:
        self._deployments = deployments
        self._store = store
        self._process = process
        self._check_token = check_token

    def owns(self, path: str) -> bool:
        """Return whether a path, as sent, is one of a deployment."""
        return path.startswith(PREFIX)

    def sender_of(self, request: Request, match: RouteMatch) -> str | None:
        """Return who sent a request with a bearer token; None where a signature tells.

        Raises:
            Refusal: With 401, for a token that is not good.
        """
        row = self._store.find("deployments", match.parameters["deployment"])
        if row is None or row["authType"] != "OAUTH":
            return None
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise Refusal(401, "NotAuthenticated", "This deployment takes bearer tokens.")
        return self._check_token(token.strip(), row["authDetails"])

    def answer(self, request: Request, match: RouteMatch) -> Response:
        """Hand a request on to the model.

        Raises:
            Refusal: With 404 or 409, where there is nothing that serves.
        """
        key = match.parameters["deployment"]
        row = self._store.find("deployments", key)
        if row is None:
            raise not_found("Authorization failed or requested resource not found.")
        if row["status"] not in {"ACTIVE", "UPDATING"}:
            raise Refusal(409, "IncorrectState", f"The deployment is {row['status']}.")
        for name in ("dh-user-principal", "opc-retry-token"):
            if name in request.headers:
                raise Refusal(400, "InvalidParameter", f"A prediction has no {name}.")
        body = request.body.read()
        targets = row["deployment_targets"]
        target = random.choices(  # noqa: S311 - it shares out traffic
            targets, [target["traffic_percentage"] for target in targets]
        )[0]
        begin = time.monotonic()
        content_type = request.headers.get("content-type", "application/json")
        answer = self._process.ask(
            model_key(key, target), "invocations", body, {"content-type": content_type}
        )
        status = "SUCCESS" if answer.status == 200 else "FAILED"
        self._deployments.note_inference(
            key,
            request.path,
            {
                "status": "MALFORMED" if answer.status == 400 else status,
                "modelVersion": target["model_version"],
                "latencyMs": int((time.monotonic() - begin) * 1000),
                "caller": request.user,
                "request": json_or_none(body),
                "response": json_or_none(answer.body),
            },
        )
        return Response(answer.status, answer.body, {"content-type": answer.content_type})
