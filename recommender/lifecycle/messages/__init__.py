"""The kinds of lifecycle messages, one file a kind."""
