"""One file a family of routes; none decides anything."""
