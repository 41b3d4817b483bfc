"""buf's configuration files: buf.yaml, buf.work.yaml and buf.lock, as they are written."""
