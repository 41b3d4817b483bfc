"""How `buf breaking` names what a change is about."""
