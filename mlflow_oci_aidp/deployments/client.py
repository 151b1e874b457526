"""The deployment client: MLflow calls it, and gets dictionaries back.

``mlflow.deployments.get_deploy_client("aidp://...")`` makes it. What each method costs in requests,
and what is not known of the platform, is on the page about deployments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any, NoReturn

from mlflow.deployments import PredictionsResponse
from mlflow.deployments.base import BaseDeploymentClient

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.deployments import config as configs
from mlflow_oci_aidp.deployments.calls import DeploymentCalls
from mlflow_oci_aidp.deployments.changes import DeploymentChanges, longest_wait
from mlflow_oci_aidp.deployments.entities import (
    ACTIVATING,
    ACTIVE,
    FLAVOR,
    INACTIVE,
    UPDATING,
    Deployment,
    Target,
)
from mlflow_oci_aidp.deployments.finder import DeploymentFinder, checked_name
from mlflow_oci_aidp.deployments.model_uris import ModelUri
from mlflow_oci_aidp.deployments.predictions import Predictor
from mlflow_oci_aidp.deployments.tokens import TokenSource
from mlflow_oci_aidp.deployments.waiting import Waiter
from mlflow_oci_aidp.errors import error, invalid_parameter, not_implemented
from mlflow_oci_aidp.full_names import FullNames
from mlflow_oci_aidp.plugin import registry_store_class
from mlflow_oci_aidp.session import session_of
from mlflow_oci_aidp.settings import resolve
from mlflow_oci_aidp.uri import SCHEME
from mlflow_oci_aidp.workspaces import WorkspaceInUse

Config = dict[str, Any]


class AidpDeploymentClient(BaseDeploymentClient):
    """Model deployments of Oracle AI Data Platform.

    Many threads may use it at the same time.

    Args:
        target_uri: ``aidp://<aiDataPlatformId>[/<workspaceKey>][?setting=value&...]``, or ``aidp``
            for what the environment names.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong. Every
            method raises ``MlflowException`` for bad input and if the platform cannot be reached,
            and :py:class:`mlflow.exceptions.RestException` if the platform refused the call.

    A ``name`` is that of a deployment or its id, 32 hexadecimal digits. An ``endpoint`` is the name
    of a registered model: it tells two deployments of one name apart.
    """

    def __init__(self, target_uri: str) -> None:
        super().__init__(target_uri)
        self._uri = f"{SCHEME}://" if target_uri == SCHEME else target_uri
        settings = resolve(self._uri)
        session = session_of(settings)
        self._in_use = WorkspaceInUse(settings, session)
        self._names = FullNames(settings, session)
        self._calls = DeploymentCalls(session.client)
        self._finder = DeploymentFinder(self._calls)
        self._waiter = Waiter(self._calls, session.clock)
        self._predictor = Predictor(session, self._calls, self._finder)
        self._changes = DeploymentChanges(self._calls, self._waiter, self._predictor.forget)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.target_uri,)

    # MLflow's interface: changes

    def create_deployment(
        self,
        name: str,
        model_uri: str,
        flavor: str | None = None,
        config: Config | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Deploy a version of a registered model, and wait until it serves.

        Args:
            name: The name, which no other deployment may have, or none of the registered model if
                ``endpoint`` names it. The platform itself does not promise unique names: two
                programs that create the same name at the same moment both succeed.
            model_uri: ``models:/<name>/<version>``, ``models:/<name>@<alias>`` or
                ``models:/<name>/latest``. Aliases are resolved now.
            flavor: ``python_function``, or None.
            config: See :py:func:`target_help`. ``compute_key`` is needed.
            endpoint: The registered model, or None.

        Returns:
            The deployment: ``name``, ``deployment_id``, ``status``, ``model_name``, ``targets``,
            ``serving_uri``, ``flavor`` and more.

        Raises:
            MlflowException: ``RESOURCE_ALREADY_EXISTS`` if the name is taken; ``INVALID_STATE`` if
                the activation failed, with the reason; ``DEADLINE_EXCEEDED`` if it takes longer
                than ``timeout_seconds``. In both of the last cases the deployment is there.
        """
        checked_name(name)
        check_flavor(flavor)
        values = configs.read_config(config, configs.CREATE)
        uri, endpoint = self._model(model_uri), self._full_name(endpoint)
        _check_endpoint(endpoint, uri.name)
        fields = self._new_fields(values)
        version = uri.resolve(self._registry())
        self._require_free(name, endpoint)
        target = Target(version, values.get("traffic", 100))
        created = self._calls.create(
            name=name,
            model_name=uri.name,
            deployment_targets=[target.to_platform()],
            **fields,
        )
        if values.get("activate", True):
            created = self._changes.activate(created, values)
        return created.to_mlflow()

    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: Config | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Change a deployment: its settings, then the version that it serves.

        A higher version is rolled forward to, a lower one back to. The version that it serves
        already changes nothing.

        Args:
            name: The name or the id.
            model_uri: Another version of the same registered model.
            flavor: ``python_function``, or None.
            config: See :py:func:`target_help`.
            endpoint: The registered model, or None.

        Returns:
            The deployment.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for another registered model;
                ``INVALID_STATE`` if the change failed, with the reason.
        """
        check_flavor(flavor)
        values = configs.read_config(config, configs.UPDATE)
        uri = None if model_uri is None else self._model(model_uri)
        if uri is None and flavor is not None:
            raise invalid_parameter(
                "A flavor was passed without a model URI.", "Pass the model URI, too."
            )
        seconds = longest_wait(values)
        deployment = self._find(name, endpoint)
        if uri is not None and uri.name != deployment.model_name:
            raise invalid_parameter(
                f"{deployment} cannot serve a version of another one, {uri.name!r}.",
                "Create another deployment for it.",
            )
        deployment = self._waiter.settle(deployment, seconds)
        deployment = self._changes.update_settings(deployment, values)
        if uri is not None:
            deployment = self._changes.roll(deployment, uri.resolve(self._registry()), values)
        return deployment.to_mlflow()

    def delete_deployment(
        self, name: str, config: Config | None = None, endpoint: str | None = None
    ) -> None:
        """Delete a deployment, which is deactivated first. A missing one is no error.

        Args:
            name: The name or the id.
            config: ``message``, ``synchronous`` and ``timeout_seconds``. What is active cannot be
                deleted, so that the wait for its deactivation is needed.
            endpoint: The registered model, or None.
        """
        values = configs.read_config(config, configs.DELETE)
        seconds = longest_wait(values)
        deployment = self._finder.find(name, self._full_name(endpoint))
        if deployment is None:
            return
        self._predictor.forget()
        deployment = self._waiter.settle(deployment, seconds)
        if deployment.status != INACTIVE:
            self._changes.deactivate(deployment, {**values, "synchronous": True})
        self._calls.delete(deployment.id)

    # MLflow's interface: reads

    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """List deployments.

        Args:
            endpoint: The registered model; those of all registered models if None.

        Returns:
            A dictionary for each. The platform's search does not tell targets, workspace, compute,
            authentication and tags, which are None: ``get_deployment`` has them.
        """
        return [row.to_mlflow() for row in self._finder.rows(self._full_name(endpoint))]

    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:
        """Read a deployment.

        Args:
            name: The name or the id.
            endpoint: The registered model, or None.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if there is none.
        """
        return self._find(name, endpoint).to_mlflow()

    def predict(
        self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None
    ) -> PredictionsResponse:
        """Ask a deployment for predictions.

        Args:
            deployment_name: The name or the id.
            inputs: A DataFrame, a Series, a numpy array, a list, a dictionary of MLflow's scoring
                protocol, a dictionary of named arrays, or the text of a chat message.
            endpoint: The registered model, or None.

        Returns:
            MLflow's predictions. A chat model's answer is the dictionary that it gave.

        Raises:
            MlflowException: ``INVALID_STATE`` if it is not active; ``INVALID_PARAMETER_VALUE`` for
                inputs that cannot be sent, or that the model refuses.
        """
        return self._predictor.predict(deployment_name, inputs, self._full_name(endpoint))

    def predict_stream(
        self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Ask a deployment for an answer, and yield its pieces as they come.

        Arguments and errors are those of :py:meth:`predict`. The answer has to be server-sent
        events, as chat models give them.
        """
        return self._predictor.predict_stream(deployment_name, inputs, self._full_name(endpoint))

    # Beyond MLflow's interface

    def use_serving_token(self, source: TokenSource | None) -> None:
        """Take the tokens for deployments with ``OAUTH`` from a function.

        Args:
            source: A function without arguments that returns a bearer token. It is called for each
                prediction. None for the variable ``AIDP_SERVING_TOKEN``.
        """
        self._predictor.use_serving_token(source)

    def activate(
        self, name: str, config: Config | None = None, endpoint: str | None = None
    ) -> dict[str, Any]:
        """Have a deployment serve predictions, and wait until it does.

        Args:
            name: The name or the id.
            config: ``message``, ``synchronous`` and ``timeout_seconds``.
            endpoint: The registered model, or None.

        Raises:
            MlflowException: ``INVALID_STATE`` if it failed, with the reason.
        """
        values = configs.read_config(config, configs.ACTIVATE)
        deployment = self._find(name, endpoint)
        if deployment.status not in {ACTIVE, UPDATING, ACTIVATING}:
            deployment = self._waiter.settle(deployment, longest_wait(values))
        return self._changes.activate(deployment, values).to_mlflow()

    def deactivate(
        self, name: str, config: Config | None = None, endpoint: str | None = None
    ) -> dict[str, Any]:
        """Have a deployment serve no predictions any more; arguments as of ``activate``."""
        values = configs.read_config(config, configs.ACTIVATE)
        deployment = self._find(name, endpoint)
        self._predictor.forget()
        deployment = self._waiter.settle(deployment, longest_wait(values))
        return self._changes.deactivate(deployment, values).to_mlflow()

    def activities(self, name: str, endpoint: str | None = None) -> list[dict[str, Any]]:
        """List what was done with a deployment, the newest first.

        The reason of a failure is read for each one that failed.
        """
        deployment = self._find(name, endpoint)
        rows = list(self._calls.activities(deployment.id))
        return [
            (self._calls.activity(row.id) if row.status == "FAILURE" else row).to_mlflow()
            for row in rows
        ]

    def logs(
        self, name: str, endpoint: str | None = None, limit: int = 100, **fields: Any
    ) -> list[dict[str, Any]]:
        """List log records of a deployment, the newest first, each with its text.

        Args:
            name: The name or the id.
            endpoint: The registered model, or None.
            limit: The most records.
            fields: ``timeStart``, ``timeEnd`` (RFC 3339; the last day if left out), ``levels``,
                ``opcRequestId`` and ``replicaId``, as the platform takes them.
        """
        _check_fields(fields, ("timeStart", "timeEnd", "levels", "opcRequestId", "replicaId"))
        deployment = self._find(name, endpoint)
        now = datetime.now(timezone.utc)
        fields.setdefault("timeEnd", (now + timedelta(minutes=1)).isoformat())
        fields.setdefault("timeStart", (now - timedelta(days=1)).isoformat())
        rows = _first(self._calls.logs(deployment.id, **fields), limit)
        return [
            self._calls.log(deployment.id, row["logId"])
            if row.get("isDetailAvailable", True) and row.get("logId")
            else row
            for row in rows
        ]

    def contract(
        self, name: str, version: str | None = None, endpoint: str | None = None
    ) -> dict[str, Any]:
        """Read what a deployed model takes and returns.

        Returns:
            ``input_contract``, ``output_contract`` and ``input_example``: values of their JSON, or
            their texts where they are no JSON; None for what the model does not say.
        """
        deployment = self._find(name, endpoint)
        texts = self._calls.contract(deployment.id, version)
        return {key: _value_of(text) for key, text in texts.items()}

    def inferences(
        self, name: str, endpoint: str | None = None, limit: int = 100, **fields: Any
    ) -> list[dict[str, Any]]:
        """List predictions that a deployment was asked for, the newest first.

        Args:
            name: The name or the id.
            endpoint: The registered model, or None.
            limit: The most records.
            fields: ``timeStart``, ``timeEnd`` (RFC 3339, at most 14 days), ``status``,
                ``modelVersion`` and ``requestUri``, as the platform takes them.
        """
        _check_fields(fields, ("timeStart", "timeEnd", "status", "modelVersion", "requestUri"))
        deployment = self._find(name, endpoint)
        return _first(self._calls.inferences(deployment.id, **fields), limit)

    # What the platform has nothing for

    def explain(
        self, deployment_name: str | None = None, df: Any = None, endpoint: str | None = None
    ) -> NoReturn:
        """Refuse: the platform has no explanations."""
        raise not_implemented("Explanations of predictions")

    def create_endpoint(self, name: str, config: Config | None = None) -> NoReturn:
        """Refuse: the platform has no endpoints apart from deployments."""
        raise not_implemented(_ENDPOINTS)

    def update_endpoint(self, endpoint: str, config: Config | None = None) -> NoReturn:
        """Refuse, as :py:meth:`create_endpoint`."""
        raise not_implemented(_ENDPOINTS)

    def delete_endpoint(self, endpoint: str) -> NoReturn:
        """Refuse, as :py:meth:`create_endpoint`."""
        raise not_implemented(_ENDPOINTS)

    def list_endpoints(self) -> NoReturn:
        """Refuse, as :py:meth:`create_endpoint`."""
        raise not_implemented(_ENDPOINTS)

    def get_endpoint(self, endpoint: str) -> NoReturn:
        """Refuse, as :py:meth:`create_endpoint`."""
        raise not_implemented(_ENDPOINTS)

    # Steps

    def _find(self, name: str, endpoint: str | None) -> Deployment:
        return self._finder.require(name, self._full_name(endpoint))

    def _model(self, model_uri: str) -> ModelUri:
        uri = ModelUri.parse(model_uri)
        return replace(uri, name=self._names.complete(uri.name))

    def _full_name(self, endpoint: str | None) -> str | None:
        return None if endpoint is None else self._names.complete(endpoint)

    def _registry(self) -> Any:
        return registry_store_class()(self._uri)

    def _new_fields(self, values: Config) -> Config:
        """Return the fields of a new deployment."""
        compute, workspace = values.get("compute_key"), values.get("workspace_key")
        workspace = workspace or self._in_use.key()
        if not compute:
            raise invalid_parameter(
                "The config has no compute_key.",
                "Add the key of the compute that is to serve the model.",
            )
        if not workspace:
            raise invalid_parameter(
                "Neither the URI nor the config names a workspace.",
                "Add workspace_key to the config, or name it in the URI.",
            )
        fields: Config = {"computeKey": compute, "workspaceKey": workspace, "authType": "AIDP"}
        fields |= configs.authentication(values)
        if values.get("description"):
            fields["description"] = values["description"]
        if tags := configs.tag_list(values.get("tags", {})):
            fields["tags"] = tags
        return fields

    def _require_free(self, name: str, endpoint: str | None) -> None:
        taken = self._finder.named(name, endpoint)
        if taken:
            raise error(
                "RESOURCE_ALREADY_EXISTS",
                f"{taken[0]} has this name already.",
                "Choose another name, or change that one with update_deployment.",
            )


_ENDPOINTS = "Endpoints apart from deployments"


def check_flavor(flavor: str | None) -> None:
    """Refuse (``INVALID_PARAMETER_VALUE``) a flavor that the platform does not serve."""
    if flavor not in (None, FLAVOR):
        raise invalid_parameter(
            f"The flavor {flavor!r} cannot be deployed.",
            f"Leave it out, or pass {FLAVOR!r}, which most of MLflow's flavors have.",
        )


def _check_endpoint(endpoint: str | None, model_name: str) -> None:
    if endpoint not in (None, model_name):
        raise invalid_parameter(
            f"The endpoint {endpoint!r} is not the registered model {model_name!r}.",
            "Leave it out, or pass that name.",
        )


def _check_fields(fields: Config, known: tuple[str, ...]) -> None:
    for name in fields:
        if name not in known:
            raise invalid_parameter(
                f"There is no field {name!r} of this search.", f"Known are: {', '.join(known)}."
            )


def _first(rows: Iterator[Any], limit: int) -> list[Any]:
    return list(islice(rows, max(limit, 0)))  # The page behind the last row is not asked for.


def _value_of(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except json_fields.ERRORS:
        return text
