"""MLflow's model registry on AI Data Platform."""
