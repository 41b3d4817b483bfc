"""Parts of waiving many findings at once."""
