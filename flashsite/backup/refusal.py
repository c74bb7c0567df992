"""Why a backup or a restore does not happen."""


class Refused(Exception):
    """The message is a sentence for the operator: what is wrong, and what to do."""
