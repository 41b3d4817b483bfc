"""A consumer of the shop's orders: the team that packs parcels."""
