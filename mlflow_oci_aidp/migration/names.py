"""Names of registered models in the target."""

from __future__ import annotations

from collections.abc import Iterable

from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.migration.sides import Side

#: Catalog, schema, model. [aidp-python-client 5.1.1]
_PARTS = 3
_SHOWN = 20


class Names:
    """Gives names to what is copied into a registry.

    Args:
        target: The target.
        prefix: ``<catalog>.<schema>`` for names without dots; ``""`` for none.
    """

    def __init__(self, target: Side, prefix: str) -> None:
        self._is_platform = target.is_platform
        self._prefix = prefix.strip(".")
        if self._is_platform and prefix and len(self._prefix.split(".")) != _PARTS - 1:
            raise invalid_parameter(
                f"--name-prefix is {prefix!r}, which is no <catalog>.<schema>.",
                "Pass something such as main.default.",
            )
        self._completes = bool(self._schema_of(target))

    def _schema_of(self, target: Side) -> str:
        if not target.is_platform:
            return ""
        from mlflow_oci_aidp.settings import resolve

        return resolve(target.uri).schema

    def of(self, name: str) -> str:
        """Return the name in the target of a registered model or prompt of the source."""
        return f"{self._prefix}.{name}" if self._prefix and "." not in name else name

    def check(self, names: Iterable[str]) -> None:
        """Refuse names that the platform cannot have.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE``, naming them.
        """
        if not self._is_platform:
            return
        wrong = [name for name in names if not self._fits(self.of(name))]
        if wrong:
            more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
            shown = ", ".join(map(repr, wrong[:_SHOWN]))
            raise invalid_parameter(
                f"A registered model of the platform is named <catalog>.<schema>.<model>, and "
                f"these would not be: {shown}{more}. Nothing was copied.",
                "Pass --name-prefix <catalog>.<schema> for names without dots; rename the others, "
                "or choose what to copy with --models.",
            )

    def _fits(self, name: str) -> bool:
        parts = name.split(".")
        return (len(parts) == _PARTS and all(parts)) or (self._completes and len(parts) == 1)
