"""The schema: compiled images, and the model that rules read."""
