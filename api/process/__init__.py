"""The processes of the service, and the application they run."""
