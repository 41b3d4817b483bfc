"""The source trees of client packages: a language a module, each from a `ClientPackage`."""
