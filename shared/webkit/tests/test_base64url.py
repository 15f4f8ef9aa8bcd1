"""Given bytes have one text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyceum_web.base64url import decoded, encoded


@given(st.binary(max_size=100))
def test_what_was_written_is_read(data: bytes) -> None:
    assert decoded(encoded(data)) == data
    assert "=" not in encoded(data)


@pytest.mark.parametrize("text", ["AB", "AAB", "A", "AA=", "AA==", "A A", "AA\n", "+/", "AAAA=", "äAAA", "\ud800AAA"])
def test_another_text_of_the_same_bytes_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        decoded(text)
