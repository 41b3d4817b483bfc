"""What an editor shows and offers for a schema: findings, actions, completion, hover and lenses."""
