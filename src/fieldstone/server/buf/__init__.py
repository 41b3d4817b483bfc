"""The registry protocol of stock buf: Connect, unary, one POST a call (https://connectrpc.com/docs/protocol)."""
