"""Parts of the buf check plugin: the messages of its protocol, its list of rules, requests and annotations."""
