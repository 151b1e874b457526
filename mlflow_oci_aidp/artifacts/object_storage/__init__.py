"""MLflow's artifacts in OCI Object Storage, at ``oci://`` locations."""

from mlflow_oci_aidp.artifacts.object_storage.repository import OciArtifactRepository

__all__ = ["OciArtifactRepository"]
