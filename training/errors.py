"""What keeps a training from making any model."""


class CannotTrain(Exception):
    """No bundle can be made; the message says what to change."""


class NothingToTrainOn(CannotTrain):
    """A history without an order."""


class BadDataset(Exception):
    """A data set that no evaluation can read; the message says what it lacks."""
