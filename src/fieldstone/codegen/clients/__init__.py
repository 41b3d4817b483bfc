"""The source trees of client packages: a language a module, each from a `ClientPackage`."""

LANGUAGES = ("python", "typescript", "java", "go")
"""What packages are made for."""
