"""Guards of a server: limits on connections and requests, and what keeps to them."""
