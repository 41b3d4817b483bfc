"""The repository that a command works in: settings, waivers, modules, progress, and atomic writes."""
