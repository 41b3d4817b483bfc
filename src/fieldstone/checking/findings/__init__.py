"""Findings that no rule makes: compiler, style, annotations, registry, modules and waivers."""
