"""The pages of `fieldstone explain`."""
