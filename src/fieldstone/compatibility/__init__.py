"""What a change breaks: pairing, rules, findings and the verdict; pure, silent, without settings."""
