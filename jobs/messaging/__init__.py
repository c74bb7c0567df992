"""Messages to the workers: hints, sent by the name of an actor, through a broker that connects late."""
