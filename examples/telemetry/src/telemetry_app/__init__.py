"""The telemetry of a reinforcement-learning trainer: the first application of a Fieldstone contract."""
