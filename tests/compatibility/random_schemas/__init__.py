"""Random schemas and random changes to them, as protobuf source."""
