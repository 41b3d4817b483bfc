"""Code for the owner of a module: records, mappers, repositories, servicers and migrations."""
