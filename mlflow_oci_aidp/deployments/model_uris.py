"""Which version of which registered model a ``models:/`` URI names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlflow_oci_aidp.errors import AidpError, error, invalid_parameter

_PREFIX = "models:/"
_FORM = "models:/<name>/<version>, models:/<name>@<alias> or models:/<name>/latest"


@dataclass(frozen=True)
class ModelUri:
    """A ``models:/`` URI of a registered model.

    Attributes:
        name: The registered model.
        version: The version, as digits; ``""`` if the URI names none.
        alias: The alias; ``""`` if the URI names none.
        stage: The stage, or ``"latest"``; ``""`` if the URI names none.
    """

    name: str
    version: str = ""
    alias: str = ""
    stage: str = ""

    @classmethod
    def parse(cls, uri: object) -> ModelUri:
        """Parse a URI.

        Raises:
            AidpError: ``INVALID_PARAMETER_VALUE`` for another URI.
        """
        if not isinstance(uri, str) or not uri.startswith(_PREFIX):
            raise invalid_parameter(
                f"The model URI {uri!r} does not name a registered model.",
                "Register the model first, with mlflow.register_model(model_uri, name), and pass "
                f"{_FORM}.",
            )
        path = uri.removeprefix(_PREFIX)
        path = path.removeprefix("//")  # models:///<name>/<version> is the same, as in MLflow.
        name, slash, suffix = path.rpartition("/")
        if not slash and "@" in path:
            name, _, alias = path.rpartition("@")
            if name and alias:
                return cls(name, alias=alias)
        if not slash and path.startswith("m-"):
            raise invalid_parameter(
                f"{uri!r} names a logged model, and the platform deploys registered models.",
                "Register it first, with mlflow.register_model(model_uri, name).",
            )
        if not name or "/" in name or not suffix:
            raise invalid_parameter(f"The model URI {uri!r} is not valid.", f"Its form is {_FORM}.")
        if suffix.isascii() and suffix.isdecimal():
            return cls(name, version=str(int(suffix[:20])))
        return cls(name, stage=suffix)

    def resolve(self, registry: Any) -> str:
        """Return the version, as digits.

        Args:
            registry: The registry store, which knows aliases and stages.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` for a registered model or an alias that
                does not exist, and for a stage without a version.
        """
        if self.version:
            return self.version
        if self.alias:
            aliases = registry.get_registered_model(self.name).aliases
            if self.alias in aliases:
                return str(aliases[self.alias])
            # For its error, which says what is missing.
            return str(registry.get_model_version_by_alias(self.name, self.alias).version)
        is_latest = self.stage.lower() == "latest"
        stages = None if is_latest else [self.stage]
        versions = [int(row.version) for row in registry.get_latest_versions(self.name, stages)]
        if versions:
            return str(max(versions))
        raise self._no_version(is_latest)

    def _no_version(self, is_latest: bool) -> AidpError:
        where = "" if is_latest else f" in the stage {self.stage!r}"
        return error(
            "RESOURCE_DOES_NOT_EXIST",
            f"The registered model {self.name!r} has no version{where}.",
            "Register one first, with mlflow.register_model(model_uri, name).",
        )
