"""The words of the search: how a text is cut, what means the same, what means nothing.

book/_static/search.js does the same to a query; it gets the two lists from here, in _static/sections.js, and
tests/test_search.py compares the two on every word of the book.
"""

import re
import unicodedata

from sphinx.search.en import SearchEnglish

# One line for each group; all count as its first word. Spellings, signs, and names that OpenCV or a tracker has for
# what the book calls otherwise. Nothing stands here because one query wants it.
SAME = """
color colour
gray grey grayscale greyscale
center centre
neighbor neighbour
image picture photo photograph img
border boundary
twice duplicate duplicated
dtype datatype type
pixel px
coordinate coord coords
threshold thresh
sigma σ
theta θ
pi π
""".strip().splitlines()

# Words of questions and of trackers: they name no subject.
NOISE = set("""
a about add added adding after all allow allowed almost already also always am an and another any anybody anyone are as
ask asked at be because been before behavior behaviour being bug bugfix but by can cannot correct correctly could did
do docs does doing don done each enough error even every everything expected explain fail failed failing fails feature
fix fixed for from gave get gets getting give given gives got had happen happens has have having help hi how however i
if implement implementation implemented in incorrect incorrectly instead into is issue it its itself just know let like
lot make makes making many maybe me more most much must my near need needed needs never new no not now of ok on one
only or other our out please possible problem problems proper properly question quite really report request return
returned returning returns s same see seem seems should silently since so some someone something still strange such
sure t than thanks that the their them then there these they thing things this those to too tried try trying understand
unexpected up update us use used user using version very want was way we weird well went were what when where whether
which while who whole why will with without work worked working works would wrong yes yet you your
""".split())

WORD = re.compile(r"[0-9]+(?:[.][0-9]+)+|[A-Za-z0-9_\u0370-\u03ff]+(?:-[A-Za-z_]+)*")  # 0.299, find_contours, sub-pixel
SPELLING = re.compile("^(.{5,}i)s(e|ed|er|es|ing|ation)$")  # localise, localize
LOGY = re.compile("olog(y|ies)$")  # where the stemmers of Python and of the page differ
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[\u0370-\u03ff]+")
_stem = SearchEnglish({}).stem


def stem(word: str) -> str:
    word = LOGY.sub("olog", SPELLING.sub(r"\1z\2", word))
    return _stem(word) if len(word) > 2 else word


def words(text: str) -> list[str]:
    """The words of a text, whole identifiers and their parts, in lower case: `findContours` is three words."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not "\u0300" <= c <= "\u036f")
    text = re.sub(r"([0-9]),(?=[0-9]{3}(?![0-9]))", r"\1", text)  # 49,551
    text = re.sub(r"(^|[\s(\[,])[-\u2212](?=[0-9])", r"\1minus", text)  # -1 is not 1
    found = []
    for word in WORD.findall(text):
        parts = [word] if "." in word else PARTS.findall(word)
        if len(parts) > 1:
            found.append("".join(parts).lower())
        found += [part.lower() for part in parts]
    return found


FIRST = {stem(word): stem(group.split()[0]) for group in SAME for word in group.split()}


def terms(text: str) -> list[str]:
    """What is looked up: stems, one for each group of words that mean the same."""
    stems = (stem(word) for word in words(text) if word not in NOISE)
    return [FIRST.get(word, word) for word in stems]
