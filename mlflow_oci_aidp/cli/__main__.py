"""``python -m mlflow_oci_aidp.cli``, where the console script is not on the path."""

from mlflow_oci_aidp.cli import main

main(prog_name="mlflow-oci-aidp")
