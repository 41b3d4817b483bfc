"""Search over all that the newest releases declare, in the memory of the server."""
