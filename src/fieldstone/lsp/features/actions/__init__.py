"""The offers of an editor for a finding. An edit is offered only after a check of the text with it."""
