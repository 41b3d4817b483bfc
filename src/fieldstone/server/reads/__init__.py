"""Fast reads: look-ups that share a query, and answers that stay in memory while the registry is unchanged."""
