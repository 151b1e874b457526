"""Copy experiments, runs and models from one MLflow server to another, in either direction."""
