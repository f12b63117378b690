"""Every numbered equation has a sentence, a line of code and a test; nothing is stale; the formula sheet shows all."""

import json
import re
from collections import Counter
from pathlib import Path

import equations as sheet  # of book/_ext
import pytest

ROOT = Path(__file__).resolve().parents[1]

EQUATIONS = sheet.equations(ROOT)
LABELS = [e.label for e in EQUATIONS if e.label]
SENTENCES, LINES, TESTS = sheet.sentences(ROOT), sheet.code_lines(ROOT), sheet.tests(ROOT)
# What a voice stumbles over, or reads as something else: `p(x|z)` becomes "x divides z", a transpose "down tack".
BANNED = r"divides|\btack\b|tilde|double struck|asterisk|backslash|[^\w\s,.;:'’-]|_"


def test_each_label_is_used_once_and_there_are_many():
    assert [label for label, n in Counter(LABELS).items() if n > 1] == []
    assert len(LABELS) >= 40


@pytest.mark.parametrize("label", LABELS)
def test_a_numbered_equation_has_a_sentence_a_line_and_a_test(label):
    assert label in SENTENCES, f"book/equations.yml does not say how `{label}` reads"
    assert label in LINES, f"no line of code carries `# Eq. {label}`: compute it, or take its number away"
    assert label in TESTS, f"no test carries @pytest.mark.equation({label!r})"


@pytest.mark.parametrize(("what", "labels"), [("line of code", LINES), ("test", TESTS)])
def test_no_mark_names_an_equation_that_no_chapter_has(what, labels):
    assert set(labels) - set(LABELS) == set(), f"a {what} carries a stale label"


def test_every_display_equation_has_a_sentence_and_no_sentence_is_left_over():
    keys = {e.label or e.tex for e in EQUATIONS}
    assert keys - set(SENTENCES) == set() and set(SENTENCES) - keys == set()


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_can_be_spoken(key):
    sentence = SENTENCES[key]
    assert re.findall(BANNED, sentence) == []
    assert sentence[0].isupper() and sentence.endswith(".") and 4 <= len(sentence.split()) <= 100
    assert len(set(SENTENCES.values())) == len(SENTENCES)


def test_equations_are_found_in_both_spellings_with_and_without_a_number(tmp_path):
    text = "a $$x\n= 1$$ (one) b\n\n$$y$$\n\n```{math}\n:label: two\nz\n```\n\n````{math}\nw\n````\n"
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "book").mkdir()
    cell = {"cell_type": "markdown", "source": text}
    (tmp_path / "notebooks" / "01-a.ipynb").write_text(json.dumps({"cells": [cell]}))
    found = [(e.label, e.tex) for e in sheet.equations(tmp_path)]
    assert found == [("one", "x = 1"), ("", "y"), ("two", "z"), ("", "w")]


def test_a_name_is_put_on_the_formula_and_not_on_its_number():
    page = ('<div class="math notranslate nohighlight" id="equation-a">\n<span class="eqno">(1)<a href="#">#</a></span>'
            r'\[\begin{split}x &lt; 1\end{split}\]</div> <div class="math notranslate nohighlight">'
            "\n" r"\[y\]</div>")
    spoken = sheet.speak(page, {"a": "X is less than one.", "y": "Y."}, {})
    assert spoken.count('role="math"') == 2
    assert r'</span><div role="math" aria-label="X is less than one."><div aria-hidden="true">\[' in spoken
    assert sheet.speak(page, {}, {}) == page
    again = sheet.speak(spoken, {"a": "X is below one.", "y": "Y."}, {})  # a page that was not written anew
    assert again == spoken.replace("X is less than one.", "X is below one.")
    assert 'aria-label="X."' in sheet.speak(page, {"b": "X."}, {"y": "b"})  # a copy, found by its TeX


@pytest.mark.built
def test_the_sheet_lists_every_equation_with_its_line_and_its_test():
    page = (ROOT / "_build/html/book/equations.html").read_text("utf-8")
    for label in LABELS:
        assert f'id="{label}-on-the-sheet"' in page
        assert f"#equation-{label}" in page
        assert all(place.name in page for place in TESTS[label])
    assert page.count("Reads as.") == len(LABELS)
