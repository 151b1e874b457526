"""Copy experiments, runs, logged models and registered models between MLflow servers.

:py:func:`mlflow_oci_aidp.migration.copying.copy` does it; ``mlflow-oci-aidp copy`` calls it. Source
and target are any tracking URIs of MLflow's. Nothing is imported until then.
"""
