"""Parts of a push: checks of paths, the workspace that is judged, the owners of names."""
