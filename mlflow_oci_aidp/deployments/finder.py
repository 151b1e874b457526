"""Find a deployment by its id or by its name.

The platform's search needs a registered model, and names of deployments need not be unique. So a
name is looked for among the deployments of every registered model that has some.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.deployments.calls import DeploymentCalls
from mlflow_oci_aidp.deployments.entities import Deployment
from mlflow_oci_aidp.errors import error, invalid_parameter

#: The form of an id. [aidp-python-client 5.1.1]
_ID = re.compile(r"[0-9a-fA-F]{32}")
#: Bytes in UTF-8. [aidp-python-client 5.1.1]
_LONGEST_NAME = 255


class DeploymentFinder:
    """Finds deployments. Safe for many threads.

    Args:
        calls: The operations of deployments.
    """

    def __init__(self, calls: DeploymentCalls) -> None:
        self._calls = calls

    def rows(self, model_name: str | None = None) -> Iterator[Deployment]:
        """Yield deployments as rows of the platform's search.

        Args:
            model_name: The registered model; those of all if None.
        """
        if model_name is not None:
            yield from self._calls.search(model_name)
            return
        for name in self._calls.deployed_models():
            try:
                yield from self._calls.search(name)
            except MlflowException as problem:
                # It was deleted meanwhile.
                if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise

    def named(self, name: str, model_name: str | None = None) -> list[Deployment]:
        """Return the deployments of a name, as rows of the platform's search."""
        return [row for row in self.rows(model_name) if row.name == name]

    def find(self, name: object, model_name: str | None = None) -> Deployment | None:
        """Read the deployment of a name or an id; None if there is none.

        Args:
            name: The name, or the id.
            model_name: The registered model, which tells two deployments of one name apart.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a name that is none, and for one that
                several deployments have.
        """
        text = checked_name(name)
        if _ID.fullmatch(text):
            found = self._calls.find(text.lower())
            if found is not None and model_name in (None, found.model_name):
                return found
        rows = self.named(text, model_name)
        if len(rows) > 1:
            listed = ", ".join(f"{row.id} (of {row.model_name!r})" for row in rows)
            raise invalid_parameter(
                f"{len(rows)} deployments have the name {text!r}: {listed}.",
                "Pass the id in place of the name, or the registered model as endpoint.",
            )
        return self._calls.find(rows[0].id) if rows else None

    def require(self, name: object, model_name: str | None = None) -> Deployment:
        """Read the deployment of a name or an id.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if there is none; else as ``find``.
        """
        found = self.find(name, model_name)
        if found is None:
            where = f" of the registered model {model_name!r}" if model_name else ""
            raise error(
                "RESOURCE_DOES_NOT_EXIST",
                f"There is no deployment {name!r}{where}.",
                "list_deployments() shows those that this identity may see.",
            )
        return found


def checked_name(name: object) -> str:
    """Return the name of a deployment.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` for what is no name.
    """
    if not isinstance(name, str) or not name.strip():
        raise invalid_parameter("The name of the deployment is empty.", "Pass its name or its id.")
    if len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        raise invalid_parameter(
            f"The name of the deployment is longer than {_LONGEST_NAME} bytes in UTF-8.",
            "Shorten it.",
        )
    return name
