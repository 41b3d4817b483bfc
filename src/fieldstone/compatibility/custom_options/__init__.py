"""Custom options of other vocabularies: protovalidate, `google.api.http` and `google.api.field_behavior`."""
