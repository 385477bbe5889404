"""Regular expressions that would exhaust the memory are told from those that do not."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.llm.pattern_size import check_size


@pytest.mark.parametrize(
    "pattern",
    [
        "a{100000}",
        ".{0,1000000}",
        ".{1,1000000}",
        "a{,99999999}",
        "a{2,}",
        "(a|b){30000}",
        "[a{999999999}]b",
        "[]{999999999}]",
        "[^]{999999999}]",
        "[[:alpha:]{999999999}]",
        r"a\{999999999}",
        r"[\]{999999999}]",
        "(?:[a-z]{1,63}\\.){1,126}",
    ],
)
def test_small_patterns(pattern: str) -> None:
    """Braces that repeat nothing, and repetitions that are counted while searching."""
    check_size(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "a{100001}",
        "a{1000000000}",
        "a{1000000000,}",
        "(((a{1000}){1000}){1000})",
        "a{1000}{1000}",
        "(?:a?){10000000}",
        "(a{0}){999999}",
        "(){999999}",
        "[ab]{200000}",
        "a{50000}b{50001}",
        pytest.param("a{" + "9" * 5_000 + "}", id="five thousand digits"),
    ],
)
def test_large_patterns(pattern: str) -> None:
    """Nested, in a row, of nothing, or with a number that Python would not read."""
    with pytest.raises(ValueError, match="its repetitions come to more than 100,000 characters"):
        check_size(pattern)


def test_long_pattern() -> None:
    """A hundred thousand groups in one another are read once."""
    with pytest.raises(ValueError, match="at position"):
        check_size("(a" * 100_000 + ")" * 100_000 + "{2}")


@given(st.text(alphabet="ab(){}[]^\\|*+?,019.", max_size=14))
def test_what_passes_can_be_compiled(pattern: str) -> None:
    """Within the memory there is; or it is no regular expression."""
    try:
        check_size(pattern)
        regex.compile(pattern)
    except (ValueError, regex.error):
        pass
