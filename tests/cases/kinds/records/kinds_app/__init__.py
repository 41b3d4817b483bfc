"""Classes of an application, one of each kind."""
