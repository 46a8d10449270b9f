"""The services that a shop uses: how each is connected, and what came from it or went to it."""
