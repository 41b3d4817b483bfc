"""What an editor offers to do about a finding. An edit is offered only after a check of the text with it."""
