"""How a compute provider may fail, as far as the reconciler cares."""


class ComputeRefused(Exception):
    """The provider refused or did not answer; the sentence says what to do. A job never fails for it."""


class Throttled(ComputeRefused):
    """Too many calls, or no answer: wait and try again."""


class CapacityMissing(ComputeRefused):
    """No machine of this kind at the moment, or a quota is used up: try another kind or zone."""


class WrongState(ComputeRefused):
    """The machine is in a state that does not allow the call, mostly because it is changing."""


class InstanceMissing(ComputeRefused):
    """No such machine, or not yet: right after a launch EC2 does not know its own answer."""
