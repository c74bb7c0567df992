"""What customers write to a shop: sentences put together from parts, with the slips of people in a hurry."""

import random

_OPEN = (
    "",
    "",
    "",
    "Hi, ",
    "Hello, ",
    "Hey there, ",
    "Good morning, ",
    "Dear team, ",
    "hi ",
    "Hallo! ",
    "Excuse me, ",
)
_CLOSE = (
    "",
    "",
    "",
    "",
    " Thanks!",
    " thanks",
    " Thank you.",
    " Please help.",
    " Best, Mia",
    " Regards, Tom",
    " 🙏",
    " asap pls",
)
_THINGS = (
    "shoes", "jacket", "headphones", "kettle", "desk lamp", "backpack", "phone case", "blender", "tent", "keyboard",
    "watch", "coffee machine", "sofa cover", "bike helmet", "yoga mat", "raincoat",
)  # fmt: skip
_DAYS = (
    "Monday",
    "last week",
    "yesterday",
    "three days ago",
    "two weeks ago",
    "Friday",
    "the 3rd",
    "last month",
)
_COLOURS = ("black", "blue", "green", "red", "white", "grey")
_PARTS = {
    "delivery": (
        "where is my {thing}? I ordered it {day}",
        "my parcel with the {thing} has not arrived yet",
        "the tracking number for order {order} does not work",
        "when will the {thing} be delivered",
        "tracking says delivered but there is no {thing} at my door",
        "can you ship order {order} to my office instead",
        "the courier left the {thing} with a neighbour I don't know",
        "still waiting for my package since {day}",
        "is it possible to get the {thing} before the weekend?",
        "how long does shipping to Norway take for a {thing}",
        "order {order} is stuck in transit since {day}",
    ),
    "refund": (
        "I want my money back for the {thing}",
        "please refund order {order}",
        "I sent the {thing} back {day} and have not got the money yet",
        "when do I get the refund for the {thing}",
        "you charged me twice for the {thing}, please pay one back",
        "I returned the {colour} {thing}, where is my refund?",
        "how do I send the {thing} back and get my money",
        "the {thing} was cheaper elsewhere, can I return it for a refund",
        "my card was not credited for order {order} although I returned it {day}",
        "return label for the {thing} please, I'd like the money back",
    ),
    "broken": (
        "the {thing} arrived broken",
        "my {thing} stopped working after two days",
        "there is a crack in the {colour} {thing}",
        "the {thing} makes a strange noise and smells burnt",
        "a part of the {thing} is missing",
        "the zip of the {thing} is torn already",
        "the {thing} won't turn on, I tried everything",
        "I got a damaged {thing}, the box was fine though",
        "the {thing} from order {order} is faulty",
        "the {colour} paint on the {thing} peels off since {day}",
    ),
    "question": (
        "does the {thing} come in {colour}?",
        "is the {thing} waterproof",
        "what size of {thing} should I take, I am 1.80 m",
        "do you have the {thing} in stock in {colour}",
        "how long is the warranty of the {thing}",
        "can the {thing} go into the dishwasher",
        "which {thing} would you recommend for a beginner?",
        "what is the difference between the {colour} and the {other} {thing}",
        "is the {thing} compatible with the older model",
        "will the {thing} be on sale again soon",
    ),
    "praise": (
        "I love the {thing}, best I ever had",
        "the {thing} is great and came so fast",
        "just wanted to say that your support was wonderful",
        "perfect {thing}, exactly the {colour} I hoped for",
        "very happy with the {thing} I bought {day}",
        "five stars for the {thing}, my sister wants one too",
        "you saved my weekend, the {thing} works like a charm",
        "great quality, the {thing} feels really solid",
        "what a lovely {colour} {thing}, well done",
        "the nicest shop I have ordered from, and the {thing} is superb",
    ),
}


def messages(count: int, dice: random.Random) -> list[tuple[str, str]]:
    """`count` different (sentence, intent), mixed; every intent about as often."""
    intents = sorted(_PARTS)
    found: dict[str, str] = {}
    while len(found) < count:
        intent = intents[len(found) % len(intents)]
        found.setdefault(_message(intent, dice), intent)
    rows = list(found.items())
    dice.shuffle(rows)
    return rows


def _message(intent: str, dice: random.Random) -> str:
    colour, other = dice.sample(_COLOURS, 2)
    body = dice.choice(_PARTS[intent]).format(
        thing=dice.choice(_THINGS),
        day=dice.choice(_DAYS),
        colour=colour,
        other=other,
        order=dice.randint(10_000, 99_999),
    )
    opening, close = dice.choice(_OPEN), dice.choice(_CLOSE)
    if not opening and dice.random() < 0.7:
        body = body[0].upper() + body[1:]
    if body[-1] not in "?!." and dice.random() < 0.6:
        body += dice.choice((".", ".", "!", "!!", "..."))
    text = opening + body + close
    if dice.random() < 0.25:
        text = _slip(text, dice)
    return text.lower() if dice.random() < 0.15 else text


def _slip(text: str, dice: random.Random) -> str:
    """Two letters swapped, one doubled, or one left out."""
    at = dice.randrange(1, len(text) - 2)
    kind = dice.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at] * (2 if kind == 1 else 0) + text[at + 1 :]
