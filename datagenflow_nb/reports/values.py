"""What a report says, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Bar", "Coverage", "Diversity", "Duplicates", "FieldReport", "Group", "Spread"]


@dataclass(frozen=True, slots=True)
class Bar:
    """How many numbers lie from ``low`` up to ``high``; the last bar's bound is in it.

    Where both are the same, that number alone is counted.
    """

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How numbers are distributed.

    Attributes
    ----------
    count : int
        How many there are.
    lower_quartile, median, upper_quartile : float
        Between two numbers, in proportion.
    mean : float or None
        None where it is no number a float can hold.
    bars : list of Bar
        The histogram; nothing where the numbers lie further apart than a float can tell.
    is_estimated : bool
        Quartiles and bars come from a random part; the other figures are always of all.
    """

    count: int
    min: float
    lower_quartile: float
    median: float
    upper_quartile: float
    max: float
    mean: float | None
    bars: list[Bar]
    is_estimated: bool


@dataclass(frozen=True, slots=True)
class Diversity:
    """How varied texts are in their words.

    Attributes
    ----------
    words, pairs : int
        How many there are in all texts together: words, and words with the one that follows.
    distinct_1, distinct_2 : float or None
        Share of them that are different ones; None where there are none. More text has less new:
        compare datasets of about the same size.
    is_estimated : bool
        Counted by a part of the words, there being very many.
    """

    words: int
    pairs: int
    distinct_1: float | None
    distinct_2: float | None
    is_estimated: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Records whose texts are the same, or nearly so.

    Attributes
    ----------
    count : int
        How many there are.
    record_ids : list of int
        Some of them.
    texts : list of str
        The beginnings of their texts.
    """

    count: int
    record_ids: list[int]
    texts: list[str]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Texts that are the same, but for case and white space, and those that are nearly so.

    Attributes
    ----------
    same : int
        Records whose text an earlier record has.
    same_groups : int
        Texts that several records have.
    is_estimated : bool
        Both are counted by a part of the texts, there being very many.
    is_compared : bool
        Whether texts that are nearly the same were looked for; of a few fields only.
    near : int
        Records whose text is nearly that of another one and not the same.
    near_groups : int
        Groups of them, each text near to some other one of its group.
    compared : int
        Different texts that were compared with each other; short ones are not.
    left_out : int
        Records whose texts were not compared, because they were too many: those that were are a
        random part.
    same_examples, near_examples : list of Group
        The largest ones.
    """

    same: int
    same_groups: int
    is_estimated: bool
    is_compared: bool
    near: int
    near_groups: int
    compared: int
    left_out: int
    same_examples: list[Group]
    near_examples: list[Group]


@dataclass(frozen=True, slots=True)
class FieldReport:
    """One field.

    Attributes
    ----------
    source : str
        ``seed`` or ``block``.
    blocks : list of str
        Ids of the blocks that set it.
    is_output : bool
        It is what the records are for.
    filled, empty, null, missing : int
        Records by what they hold: a value, one of nothing (white space, ``[]``, ``{}``), null, or
        no such field.
    edited : int
        Records in which somebody has edited it.
    kinds : dict
        Values by kind: ``text``, ``number``, ``boolean``, ``list``, ``object``.
    distinct : int
        Different values.
    distinct_is_estimated : bool
        Counted by a part of the values, there being very many.
    examples : list of (record id, text)
        Some values, drawn at random.
    values : list of (text, count)
        The most frequent ones, where some come more than once and there are few.
    numbers : Spread or None
        Of the numbers.
    characters, words : Spread or None
        Lengths of the texts.
    items : Spread or None
        Lengths of the lists and objects.
    keys : list of (key, count)
        The objects' most frequent keys.
    more_keys : int
        How many others they have.
    diversity : Diversity or None
        Of the texts.
    duplicates : Duplicates or None
        Among the texts.
    """

    name: str
    source: str
    blocks: list[str]
    is_output: bool
    filled: int
    empty: int
    null: int
    missing: int
    edited: int
    kinds: dict[str, int]
    distinct: int
    distinct_is_estimated: bool
    examples: list[tuple[int, str]]
    values: list[tuple[str, int]] = field(default_factory=list)
    numbers: Spread | None = None
    characters: Spread | None = None
    words: Spread | None = None
    items: Spread | None = None
    keys: list[tuple[str, int]] = field(default_factory=list)
    more_keys: int = 0
    diversity: Diversity | None = None
    duplicates: Duplicates | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How the seeds are covered by the records.

    Attributes
    ----------
    seeds : int
        How many there are.
    without : int
        Those that no record is of.
    without_examples : list of (job id, seed index)
        The first of these.
    per_seed : list of (records, seeds)
        How many seeds have so many records.
    repeated : int
        Records with the very output of another record of their seed, but for case and white space.
    of_several : int
        Records whose seed has more than one.
    """

    seeds: int
    without: int
    without_examples: list[tuple[int, int]]
    per_seed: list[tuple[int, int]]
    repeated: int
    of_several: int
