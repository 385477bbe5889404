"""Word lists of the offline model."""

from __future__ import annotations

__all__ = [
    "ARRAY_NAMES",
    "CHECKED_KEYWORDS",
    "ENDS_MATERIAL",
    "KIND_BY_WORD",
    "LEXICON",
    "NOT_MATERIAL",
    "NO_TOPIC",
    "NUMBERS",
    "PRONOUNS",
    "SCORE_NAMES",
    "STOP_WORDS",
    "TRUE_NAMES",
    "UNIT_NAMES",
    "VERBS",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that say nothing about a text's subject.
STOP_WORDS = _words(
    """
    a about above after again all almost also although always am an and another any are around as at
    away back be became because become been before being below between both but by came can cannot
    could did do does doing done down during each either else even ever every few first for from
    further gave get gets give given gives go goes had has have having he her here hers him his how
    however i if in into is it its itself just keep kept know less let like made make makes many may
    me might more most much must my near need needs never next no nor not now of off often on once
    one only onto or other others our out over own per perhaps put quite rather said same say says
    see seen several shall she should since so some something sometimes soon still such take takes
    than that the their them then there these they thing things this those though three through thus
    to together too took toward two under until up upon us use used uses using very via was way we
    well went were what when where whether which while who whole whom whose why will with within
    without would yet you your yours
    """
)
PRONOUNS = _words("it this that these those they there here he she we you what which who")

# First words of instructions.
VERBS = _words(
    """
    act add analyse analyze answer ask assess assign avoid base categorise categorize check choose
    classify compare compose consider convert create decide define describe design determine draft
    ensure evaluate explain extract fill find follow form formulate generate give grade identify
    ignore include invent judge keep label list make mention name note output paraphrase pick please
    produce propose provide put rank rate read refer reply respond return rephrase rewrite say score
    select show simplify state suggest summarise summarize tag tell think translate turn use using
    write
    """
)
# Labels ("Rules: ...") that do not announce a text to work on, and those that end one.
NOT_MATERIAL = _words(
    """
    answer answers audience categories category choices class classes difficulty example examples
    field fields format hint instruction instructions keywords label labels language length level
    levels note options output persona question questions requirement requirements return role rules
    schema steps style subject task title tone topic
    """
)
ENDS_MATERIAL = _words(
    """
    answer answers categories format instruction instructions labels options output question
    questions requirements rules schema task
    """
)
# "about the text below" names no topic.
NO_TOPIC = _words(
    """
    above article below content context data document each following input it passage paragraph
    review same sentence something subject text that them these this those topic what you your
    """
)

NUMBERS = {
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5},
    **{"six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
}

# Words that speak for a label whose own name a text seldom holds.
LEXICON = {
    "positive": """
    good great excellent love lovely happy best perfect wonderful recommend fast easy pleased
    amazing fantastic helpful friendly thank enjoy delicious beautiful impressed reliable
    """,
    "negative": """
    bad poor terrible awful hate worst broken slow disappoint refund fail failure useless horrible
    rude dirty problem waste angry return crash cold annoying unfortunately wrong late
    """,
    "neutral": "average okay fine ordinary usual standard acceptable",
}

# What sort of text a property holds, by a word of its name.
_KINDS = {
    "question": "question query questions queries",
    "instruction": "instruction instructions prompt request",
    "summary": "summary abstract overview synopsis tldr",
    "title": "title headline heading caption",
    "keyword": """
    keyword keywords tag tags term terms topic topics concept concepts name names entity entities
    label labels category categories class subject theme key keys person product place city word
    words skill
    """,
    "sentence": """
    answer answers response explanation reason reasoning rationale evidence context quote sentence
    sentences fact facts description text content statement claim claims point points passage
    paragraph body output note notes comment justification choice choices option options distractor
    distractors step steps example examples review message solution detail details feedback chunk
    definition completion assistant
    """,
    "difficulty": "difficulty level",
    "language": "language lang",
    "email": "email mail",
    "uri": "url uri link website homepage",
    "date": "date day birthday",
    "date-time": "timestamp datetime",
    "id": "id identifier slug code",
}
KIND_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words.split()}

UNIT_NAMES = _words("confidence probability likelihood certainty similarity relevance")
SCORE_NAMES = UNIT_NAMES | _words("score rating quality stars grade accuracy overlap")
TRUE_NAMES = _words("valid correct relevant answerable supported factual true ok passed")
ARRAY_NAMES = _words(
    "keywords tags questions answers steps facts topics entities labels options choices items"
)

# JSON Schema keywords that values are checked against, not built for.
CHECKED_KEYWORDS = _words(
    """
    not if then else contains minContains maxContains propertyNames patternProperties
    dependentRequired dependentSchemas dependencies unevaluatedProperties unevaluatedItems
    $dynamicRef
    """
)
