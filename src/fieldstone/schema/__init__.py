"""What a schema is: modules and their sources, compiled images, and the model that rules read."""
