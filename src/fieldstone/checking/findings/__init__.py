"""Findings that come from no rule: compiler, style, annotations, registry, modules and waivers."""
