"""The operations of model deployments, one method for each.

A change without a retry token is sent once. If its answer is lost, the deployment is read, and the
change is sent again only if it did nothing: see :py:mod:`mlflow_oci_aidp.unrepeated`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.deployment_routes import DEPLOYMENTS
from mlflow_oci_aidp.client.json_fields import Json
from mlflow_oci_aidp.client.platform_client import PlatformClient
from mlflow_oci_aidp.deployments.config import tag_list
from mlflow_oci_aidp.deployments.entities import (
    ACTIVATING,
    ACTIVE,
    DEACTIVATING,
    INACTIVE,
    UPDATING,
    Activity,
    Deployment,
    Target,
)
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.unrepeated import change_once

#: Entries of one page of a list. [aidp-python-client 5.1.1]
_PAGE = 1000


class DeploymentCalls:
    """The operations of model deployments of one AI Data Platform. Safe for many threads.

    Args:
        client: The client of the platform.

    Every method raises ``MlflowException`` where the platform cannot be reached, and
    ``RestException`` for what it refused.
    """

    def __init__(self, client: PlatformClient) -> None:
        self._client = client

    # Reads

    def get(self, deployment_id: str) -> Deployment:
        """Read a deployment."""
        fields = {"deployment_id": deployment_id}
        return self._required("GetModelDeployment", Deployment.parse, fields)

    def search(self, model_name: str) -> Iterator[Deployment]:
        """Yield the deployments of a registered model, as rows of the platform's search."""
        fields = {"model_name": model_name, "max_results": _PAGE}
        yield from self._items("SearchModelDeployments", "deployments", Deployment.parse, fields)

    def deployed_models(self) -> Iterator[str]:
        """Yield the names of the registered models that may have deployments.

        A summary that is missing says nothing, so that such a model is among them.
        [aidp-python-client 5.1.1, MLOpsClient.list_registered_models]
        """

        def parse(row: Json) -> tuple[str, int | None]:
            summary = json_fields.fields(row, "deployment_summary")
            return json_fields.text(row, "name"), json_fields.optional_integer(
                summary, "total_deployment"
            )

        fields = {"is_deployment_summary_enabled": "true", "max_results": _PAGE}
        for name, total in self._items("SearchDeployedModels", "registered_models", parse, fields):
            if total != 0:
                yield name

    def contract(self, deployment_id: str, version: str | None = None) -> dict[str, str | None]:
        """Read what a model takes and returns; None for what the model does not say."""
        names = ("input_contract", "output_contract", "input_example")
        return self._required(
            "GetModelDeploymentContract",
            lambda body: dict(zip(names, json_fields.optional_texts(body, names), strict=True)),
            {"deployment_id": deployment_id, "model_version": version},
        )

    def activities(
        self, deployment_id: str, status: str | None = None, page_size: int = _PAGE
    ) -> Iterator[Activity]:
        """Yield the activities of a deployment, the newest first."""
        fields = {
            "deployment_id": deployment_id,
            "status": status,
            "max_results": page_size,
            "order_by": ["start_time DESC"],
        }
        yield from self._items(
            "ListModelDeploymentActivities", "activities", Activity.parse, fields
        )

    def activity(self, activity_id: str) -> Activity:
        """Read an activity with the reason of its end, which a list does not have."""
        return self._required(
            "GetModelDeploymentActivity", Activity.parse, {"activity_id": activity_id}
        )

    def logs(self, deployment_id: str, **fields: Any) -> Iterator[Json]:
        """Yield the log records of a deployment, the newest first."""
        fields["deploymentId"] = deployment_id
        yield from self._items("SearchDeploymentLogs", "items", dict, fields)

    def log(self, deployment_id: str, log_id: str) -> Json:
        """Read one log record with its text."""
        fields = {"deploymentId": deployment_id, "logId": log_id}
        return self._required("GetDeploymentLog", dict, fields)

    def inferences(self, deployment_id: str, **fields: Any) -> Iterator[Json]:
        """Yield the predictions that were asked for, the newest first."""
        fields["deploymentId"] = deployment_id
        yield from self._items("SearchModelDeploymentInferences", "items", dict, fields)

    def inference(self, deployment_id: str, request_id: str) -> Json:
        """Read one prediction with its request and its response."""
        fields = {"deploymentId": deployment_id, "requestId": request_id}
        return self._required("GetModelDeploymentInferenceDetails", dict, fields)

    def inference_summary(self, deployment_id: str, **fields: Any) -> Json:
        """Read how many predictions there were, and how long they took."""
        fields["deploymentId"] = deployment_id
        return self._required("GetModelDeploymentInferenceSummary", dict, fields)

    def operation(self, key: str) -> tuple[str, str]:
        """Return the status of an asynchronous operation, and its error, ``""`` for none."""

        def parse(body: Json) -> tuple[str, str]:
            texts = json_fields.optional_texts(body, ("errorCode", "errorMessage"))
            return json_fields.text(body, "status"), ": ".join(text for text in texts if text)

        return self._required("GetAsyncOperation", parse, {"asyncOperationKey": key})

    # Changes with a retry token

    def create(self, **fields: Any) -> Deployment:
        """Create a deployment, which is inactive."""
        return self._required("CreateModelDeployment", Deployment.parse, fields)

    def update_tags(self, deployment_id: str, tags: dict[str, str | None]) -> None:
        """Set tags, and delete those whose value is None."""
        deleted = [{"key": key} for key, value in tags.items() if value is None]
        fields = {
            "deployment_id": deployment_id,
            "set_tags": tag_list(tags),
            "delete_tags": deleted,
        }
        self._client.call(DEPLOYMENTS["UpdateModelDeploymentTags"], fields, None)

    # Changes without one

    # Each takes a function that tells, after a lost answer, whether the work began and has failed
    # already: the state is the old one then.

    def activate(
        self,
        deployment_id: str,
        message: str | None = None,
        has_failed: Callable[[], bool] = bool,
    ) -> str:
        """Activate a deployment; return the key of the asynchronous operation, or ``""``."""
        wanted = {ACTIVATING, ACTIVE}
        return self._change_status(
            "ActivateModelDeployment", deployment_id, message, wanted, has_failed
        )

    def deactivate(
        self,
        deployment_id: str,
        message: str | None = None,
        has_failed: Callable[[], bool] = bool,
    ) -> str:
        """Deactivate a deployment; return the key of the asynchronous operation, or ``""``."""
        wanted = {DEACTIVATING, INACTIVE}
        return self._change_status(
            "DeactivateModelDeployment", deployment_id, message, wanted, has_failed
        )

    def roll(
        self,
        deployment_id: str,
        target: Target,
        message: str | None,
        *,
        is_forward: bool,
        has_failed: Callable[[], bool] = bool,
    ) -> str:
        """Have a deployment serve another version; return the operation's key, or ``""``."""
        call = "RollForwardModelDeployment" if is_forward else "RollBackModelDeployment"
        fields = {
            "deployment_id": deployment_id,
            "message": message,
            "deployment_targets": [target.to_platform()],
        }

        def is_done() -> bool:
            deployment = self.get(deployment_id)
            is_done = deployment.status == UPDATING or deployment.targets == (target,)
            return is_done or has_failed()

        return change_once(lambda: self._client.start(DEPLOYMENTS[call], fields), is_done) or ""

    def update(self, deployment_id: str, **fields: Any) -> None:
        """Change name, description, workspace, compute or authentication."""

        def is_done() -> bool:
            now = self._required("GetModelDeployment", dict, {"deployment_id": deployment_id})
            return all(now.get(name) == value for name, value in fields.items())

        self._change("UpdateModelDeployment", {"deployment_id": deployment_id, **fields}, is_done)

    def delete(self, deployment_id: str) -> None:
        """Delete a deployment that is not active. A missing one is no error."""
        fields = {"deployment_id": deployment_id}
        try:
            self._change("DeleteModelDeployment", fields, lambda: self.find(deployment_id) is None)
        except MlflowException as problem:
            if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise

    def export_inferences(self, deployment_id: str, **fields: Any) -> str:
        """Have the records of predictions written to a volume; return the operation's key."""
        # Nothing tells whether a lost request began: a second one for the same destination is
        # refused while the first one goes on. [aidp-python-client 5.1.1]
        fields["deploymentId"] = deployment_id
        return self._client.start(DEPLOYMENTS["ExportModelDeploymentInferences"], fields)

    def find(self, deployment_id: str) -> Deployment | None:
        """Read a deployment, or return None if there is none of this id."""
        try:
            return self.get(deployment_id)
        except MlflowException as problem:
            if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None

    def _change_status(
        self,
        call: str,
        deployment_id: str,
        message: str | None,
        wanted: set[str],
        has_failed: Callable[[], bool],
    ) -> str:
        fields = {"deployment_id": deployment_id, "message": message}

        def is_done() -> bool:
            return self.get(deployment_id).status in wanted or has_failed()

        return change_once(lambda: self._client.start(DEPLOYMENTS[call], fields), is_done) or ""

    def _change(self, call: str, fields: Json, is_done: Callable[[], bool]) -> None:
        change_once(lambda: self._client.call(DEPLOYMENTS[call], fields, None), is_done)

    def _required(self, call: str, parse: Callable[[Json], Any], fields: Json) -> Any:
        body = self._client.call(DEPLOYMENTS[call], fields, parse)
        if body is None:
            raise error(
                "INTERNAL_ERROR",
                f"{call} was answered without a body.",
                self._client.destination.wrong_answer,
            )
        return body

    def _items(
        self, call: str, items: str, parse_item: Callable[[Json], Any], fields: Json
    ) -> Iterator[Any]:
        for page in self._client.pages(DEPLOYMENTS[call], fields, items, parse_item):
            yield from page.items
