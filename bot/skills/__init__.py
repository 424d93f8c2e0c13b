"""What the bot can do, one file a skill. Skills do not know each other."""
