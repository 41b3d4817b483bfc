"""The only place where DTO classes are known: everything else works with `telemetry_app.records`."""
