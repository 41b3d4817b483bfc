"""The client packages of a registry's releases, for pip, uv and npm: built when they are first asked for."""
