"""Moments of a recording, as people read them."""


def clock(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03, with tenths where there are any."""
    whole, tenths = divmod(round(seconds * 10), 10)
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{text}.{tenths}" if tenths else text
