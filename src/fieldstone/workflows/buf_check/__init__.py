"""What the buf check plugin needs: the messages of its protocol, its list of rules, requests and annotations."""
