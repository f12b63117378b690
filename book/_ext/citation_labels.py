"""Citations read "Canny (1986)", in the text and in the bibliography: an author and a year tell more than [7]."""

from collections import Counter
from dataclasses import dataclass, field

import sphinxcontrib.bibtex.plugin
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle


def label_of(entry) -> str:
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join(person.prelast_names + person.last_names).replace("{", "").replace("}", "") for person in people]
    if not names:
        who = entry.key
    else:
        who = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return f"{who} {entry.fields.get('year', '')}".strip()


class AuthorYearLabels(BaseLabelStyle):
    def format_labels(self, sorted_entries):
        labels = [label_of(entry) for entry in sorted_entries]
        many, seen = Counter(labels), Counter()
        for label in labels:
            seen[label] += 1
            yield label + ("abcdefgh"[seen[label] - 1] if many[label] > 1 else "")


class CourseStyle(PlainStyle):
    default_label_style = AuthorYearLabels


def round_brackets() -> BracketStyle:
    return BracketStyle(left="(", right=")")


@dataclass
class CourseReferences(AuthorYearReferenceStyle):
    bracket_parenthetical: BracketStyle = field(default_factory=round_brackets)
    bracket_textual: BracketStyle = field(default_factory=round_brackets)
    bracket_author: BracketStyle = field(default_factory=round_brackets)
    bracket_label: BracketStyle = field(default_factory=round_brackets)
    bracket_year: BracketStyle = field(default_factory=round_brackets)


def setup(app):
    register_plugin("pybtex.style.formatting", "course", CourseStyle)
    sphinxcontrib.bibtex.plugin.register_plugin("sphinxcontrib.bibtex.style.referencing", "course", CourseReferences)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
