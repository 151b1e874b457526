"""Export :py:class:`RetryPolicy`, which :py:mod:`mlflow_oci_aidp.client.retry` defines."""

from mlflow_oci_aidp.client.retry import RetryPolicy

__all__ = ["RetryPolicy"]
