"""Experiments, runs and logged models: MLflow's tracking store in a workspace of AI Data Platform."""
