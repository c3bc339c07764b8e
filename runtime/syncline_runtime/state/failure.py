"""What is told when the state cannot be used."""


class StateFailure(Exception):
    """The state cannot be used; the message is one line: which, why, how to mend it.

    `unusable` says that the state itself is damaged, lost, foreign or of another version: nothing is written until a person
    has looked at it. A state that is only busy or not there yet is none of these.
    """

    def __init__(self, message: str, *, unusable: bool = True) -> None:
        super().__init__(message)
        self.unusable = unusable
