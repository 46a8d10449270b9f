"""The one error of an import."""


class ImportRefused(ValueError):
    """A file that cannot be taken as a whole; the message says what to do. The home is unchanged."""
