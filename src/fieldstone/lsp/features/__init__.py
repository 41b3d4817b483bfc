"""Features of an editor for a schema: findings, actions, completion, hover and lenses."""
