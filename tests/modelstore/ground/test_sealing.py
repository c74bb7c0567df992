"""What is sealed opens with its key, and with nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelstore.ground import sealing
from modelstore.ground.tokens import new_token

KEY = sealing.key_of_token("one")


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=64))
def test_what_is_sealed_is_told_to_the_key_and_hides_the_token(token: str) -> None:
    sealed = sealing.seal(token, KEY)
    assert sealing.unseal(sealed, KEY) == token
    assert len(sealed) <= sealing.SEALED_LENGTH
    assert len(token) < 4 or token not in sealed
    assert sealing.unseal(sealed, sealing.key_of_token("two")) == ""


def test_no_two_sealings_are_alike() -> None:
    assert len({sealing.seal("token", KEY) for _ in range(50)}) == 50


@pytest.mark.parametrize("sealed", ["", "x", "=", "ä", "A" * 128, "Zm9v", "A" * 43])
def test_anything_else_opens_nothing(sealed: str) -> None:
    assert sealing.unseal(sealed, KEY) == ""


def test_a_changed_letter_opens_nothing() -> None:
    sealed = sealing.seal(new_token(), KEY)
    for place in range(0, len(sealed) - 2, 7):
        other = "A" if sealed[place] != "A" else "B"
        assert sealing.unseal(sealed[:place] + other + sealed[place + 1 :], KEY) == ""


def test_what_is_longer_than_a_token_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        sealing.seal("x" * 65, KEY)


def test_the_keys_differ_by_the_secret_key_and_by_what_they_are_for(settings) -> None:
    settings.SECRET_KEY = "one"
    keys = {sealing.site_key(), sealing.key_of_token("one"), sealing.key_of_request("one")}
    settings.SECRET_KEY = "two"
    keys |= {sealing.site_key(), sealing.key_of_request("one")}
    assert len(keys) == 5
    assert sealing.key_of_token("one") in keys, "what only a holder opens needs nothing of the site"
