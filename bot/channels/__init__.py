"""One file a transport: verify, parse, fit and send. Channels do not know each other."""
