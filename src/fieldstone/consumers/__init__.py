"""Consumers: who reads what of a module, with the evidence for it. Pure: it reads no file and asks nobody."""
