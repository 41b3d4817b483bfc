"""HTTP servers: routes decode requests, call lower layers, and encode responses."""
