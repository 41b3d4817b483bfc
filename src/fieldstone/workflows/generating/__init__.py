"""The modules, versions and folders of `fieldstone generate` and `fieldstone package`."""
