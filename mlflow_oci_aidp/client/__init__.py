"""HTTP to the platform: calls, pages, files; nothing here knows MLflow's entities."""
