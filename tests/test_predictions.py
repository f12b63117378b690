"""Predictions: the boxes as they are written, and what book/_static/predict.js makes of them in Chromium, from disk."""

import contextlib
import re
from collections import Counter
from pathlib import Path

import cv2
import nbformat
import numpy as np
import pytest

from tests import test_book

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "book" / "_static" / "predict.js"
SOURCES = [*sorted((ROOT / "notebooks").glob("*.ipynb")), ROOT / "book" / "start.md"]

BOX = re.compile(r"^(`{4,})\{admonition\}[^\n]*\n:class: predict\n(.*?)^\1$", flags=re.M | re.S)
ITEM = re.compile(r"^[-*+] (.*)$", flags=re.M)
ANSWER = re.compile(r"^```\{dropdown\} Answer\n\((\w)\): \S", flags=re.M)

each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)


# ---- as they are written ----------------------------------------------------------------------------------------

def text_of(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text("utf-8")
    notebook = nbformat.read(path, as_version=4)
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def boxes(path: Path) -> list[str]:
    return [match[2] for match in BOX.finditer(text_of(path))]


def page_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix(".html").as_posix()


def faults(box: str) -> list[str]:
    asked = box.partition("```{dropdown}")[0]
    choices, answer = ITEM.findall(asked), ANSWER.search(box)
    letters = "abcd"[: len(choices)]
    found = [] if 2 <= len(choices) <= 4 else [f"{len(choices)} choices, not 2 to 4"]
    if [choice[:4] for choice in choices] != [f"({letter}) " for letter in letters]:
        found.append("the choices do not begin with (a), (b), ... in order")
    if choices and not ITEM.split(asked)[0].strip():
        found.append("no question stands before the choices")
    if any(re.search(r"\{[\w:]+\}`|\]\(", choice) for choice in choices):
        found.append("a choice holds a link, which cannot stand in a button")
    if not answer:
        found.append("the answer does not begin with a letter, like (a): ...")
    elif answer[1] not in letters:
        found.append(f"the answer ({answer[1]}) is not among the choices")
    return found


@each_source
def test_every_prediction_is_a_choice(path):
    assert [(box, faults(box)) for box in boxes(path) if faults(box)] == []


@each_source
def test_every_chapter_predicts_and_no_box_is_overlooked(path):
    assert len(boxes(path)) == text_of(path).count(":class: predict")
    assert len(boxes(path)) >= (2 if path.suffix == ".ipynb" else 1)


def test_no_letter_is_a_safe_guess():
    right = Counter(ANSWER.search(box)[1] for path in SOURCES for box in boxes(path))
    assert len(right) >= 3 and max(right.values()) <= right.total() / 2


def test_the_example_of_the_start_page():
    first, second = np.array([[200]], np.uint8), np.array([[100]], np.uint8)
    assert (first + second).tolist() == [[44]] and cv2.add(first, second).tolist() == [[255]]
    assert ["300", "255", "44"] == [choice[4:] for choice in ITEM.findall(boxes(ROOT / "book" / "start.md")[0])]


GOOD = "\nHow many?\n\n- (a) one\n- (b) two\n\n```{dropdown} Answer\n(b): because.\n```\n"


@pytest.mark.parametrize(("old", "new", "fault"), [
    ("- (b) two\n", "", "1 choices, not 2 to 4"),
    ("- (b) two\n", "".join(f"- ({x}) {x}\n" for x in "bcde"), "5 choices, not 2 to 4"),
    ("- (b)", "- (c)", "do not begin with (a), (b), ... in order"),
    ("- (b)", "- b:", "do not begin with (a), (b), ... in order"),
    ("How many?", "", "no question"),
    ("two", "{term}`two`", "a link"),
    ("(b): because", "Two: because", "does not begin with a letter"),
    ("(b): because", "(c): because", "(c) is not among the choices"),
])  # fmt: skip
def test_every_fault_is_found(old, new, fault):
    assert faults(GOOD) == []
    assert any(fault in found for found in faults(GOOD.replace(old, new)))


def test_the_script_is_small():
    assert len(SCRIPT.read_bytes()) < 4000


# ---- in the browser ----------------------------------------------------------------------------------------------

browser = test_book.browser  # the fixture
START, MATHEMATICS = "book/start.html", ("notebooks/01-images.html", 1)  # a question with formulas, answered by (b)
WRONG, RIGHT = {"a": "", "b": "your choice", "c": "right"}, {"a": "", "b": "", "c": "your choice, right"}
UNTOUCHED = {"a": "", "b": "", "c": ""}


@contextlib.contextmanager
def prediction(browser, page: str | Path = START, number: int = 0, **options):
    """A tab and the prediction on it; nothing is asked of the network, and no error is logged."""
    path = test_book.SITE / page
    if not path.is_file():
        pytest.fail(test_book.MISSING, pytrace=False)
    with test_book.opened(browser, path, **options) as tab:
        yield tab, tab.locator("div.predict").nth(number)
        assert (tab.asked, tab.errors) == ([], [])


def choice(box, letter: str):
    return box.get_by_role("button", name=f"({letter})")


HAS_FOCUS = "(element) => document.activeElement === element"


def style(element, *names: str) -> str:
    return element.evaluate("(element, names) => names.map((name) => getComputedStyle(element)[name]).join(' ')", names)


def marks(box) -> dict[str, str]:
    """What is written at each choice beside its text."""
    shown = box.locator(".course-choices button").evaluate_all(
        "(all) => all.map((b) => [b.querySelector('.course-letter').innerText,"
        " b.querySelector('.course-mark').innerText, b.getAttribute('aria-pressed'), b.getAttribute('aria-disabled')])")
    assert all((pressed == "true") == ("your choice" in mark) for _, mark, pressed, _ in shown)
    assert {disabled for *_, disabled in shown} == {"true" if any(mark for _, mark, *_ in shown) else "false"}
    return {letter.strip("()"): mark for letter, mark, *_ in shown}


def is_open(box) -> bool:
    return box.locator("details").evaluate("(fold) => fold.open")


def announced(tab) -> list[str]:
    """What the polite live regions of the page hold, as a screen reader gets it."""
    nodes = tab.context.new_cdp_session(tab).send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def text(node) -> str:
        own = node.get("name", {}).get("value", "") if node["role"]["value"] == "StaticText" else ""
        return own + "".join(text(by_id[child]) for child in node.get("childIds", []) if child in by_id)

    live = [node for node in nodes if node.get("role", {}).get("value") == "status" and not node["ignored"]]
    assert all({"name": "live", "value": {"type": "token", "value": "polite"}} in node["properties"] for node in live)
    return [text(node) for node in live]


@pytest.mark.browser
@each_source
def test_every_box_becomes_buttons(browser, path):
    wanted = [[item[:3] for item in ITEM.findall(box.partition("```{dropdown}")[0])] for box in boxes(path)]
    with prediction(browser, page_of(path), settle=False) as (tab, _):
        found = tab.locator("div.predict").evaluate_all(
            "(all) => all.map((box) => [...box.querySelectorAll('button .course-letter')].map((b) => b.innerText))")
        opened = tab.locator("div.predict > details[open]").count()
        named = tab.locator("div.predict[role=group]").evaluate_all(
            "(all) => all.map((box) => box.contains(document.getElementById(box.getAttribute('aria-labelledby'))))")
    assert found == wanted and opened == 0 and named == [True] * len(wanted)


@pytest.mark.browser
def test_a_wrong_choice_by_keyboard(browser):
    with prediction(browser) as (tab, box):
        region = box.get_by_role("status").element_handle()  # must be there before it speaks
        assert announced(tab) == [""] and marks(box) == UNTOUCHED
        choice(box, "a").focus()
        tab.keyboard.press("Tab")
        assert choice(box, "b").evaluate(HAS_FOCUS) and style(choice(box, "b"), "outlineStyle") == "solid"
        assert not is_open(box)  # to move is not to choose
        tab.keyboard.press("Enter")
        assert is_open(box) and marks(box) == WRONG
        assert announced(tab) == ["Not (b): it is (c). The reason stands below."] == [region.inner_text()]
        assert choice(box, "b").evaluate(HAS_FOCUS)
        borders = [style(choice(box, letter), "borderTopStyle", "borderTopWidth") for letter in "abc"]
        assert borders == ["solid 1px", "dashed 2px", "solid 2px"]  # told apart by shape, not by colour alone
        choice(box, "c").focus()
        tab.keyboard.press("Space")
        assert marks(box) == WRONG  # who has read the answer chooses no more


@pytest.mark.browser
def test_a_choice_is_remembered_until_it_is_forgotten(browser):
    chosen = {"a": "your choice", "b": "right", "c": ""}
    with prediction(browser, *MATHEMATICS, settle=False) as (tab, box):
        assert box.get_by_role("button", name="Choose again").count() == 0
        choice(box, "a").press("Space")
        for _ in range(2):
            assert marks(box) == chosen and is_open(box)
            tab.reload(wait_until="domcontentloaded")
        assert marks(tab.locator("div.predict").nth(0)) == UNTOUCHED  # the others were not asked
        (key,) = [key for key in tab.evaluate("Object.keys(localStorage)") if key.startswith("predict ")]
        assert key.startswith("predict notebooks/01-images A picture is blurred with \\(\\sigma = 3\\)")
        box.get_by_role("button", name="Choose again").press("Enter")
        assert marks(box) == UNTOUCHED and not is_open(box) and box.get_by_role("status").inner_text() == ""
        assert choice(box, "a").evaluate(HAS_FOCUS)
        tab.reload(wait_until="domcontentloaded")
        assert marks(box) == UNTOUCHED and not is_open(box)


@pytest.mark.browser
@pytest.mark.parametrize("by", ["click", "tap"])
def test_the_right_choice_on_a_phone(browser, by):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with prediction(browser, **phone) as (tab, box):
        getattr(choice(box, "c"), by)()
        assert is_open(box) and marks(box) == RIGHT
        assert announced(tab) == ["Right, it is (c). The reason stands below."]
        heights = box.get_by_role("button").evaluate_all("(all) => all.map((b) => b.getBoundingClientRect().height)")
        assert len(heights) == 4 and min(heights) >= 44
        assert not tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@pytest.mark.browser
def test_the_answer_opens_without_a_choice(browser):
    with prediction(browser) as (_, box):
        box.locator("summary").click()
        assert is_open(box) and marks(box) == UNTOUCHED
        choice(box, "b").click()
        assert is_open(box) and marks(box) == WRONG


FORBIDDEN = ["Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden'); }})",
             "for (const name of ['getItem', 'setItem', 'removeItem'])"
             " Storage.prototype[name] = () => { throw new Error('full'); }"]


@pytest.mark.browser
@pytest.mark.parametrize("how", FORBIDDEN, ids=["forbidden", "full"])
def test_without_storage_nothing_is_remembered_and_all_else_works(browser, how):
    with prediction(browser) as (tab, box):
        tab.add_init_script(how)
        tab.reload()
        choice(box, "b").click()
        assert is_open(box) and marks(box) == WRONG
        box.get_by_role("button", name="Choose again").click()
        assert marks(box) == UNTOUCHED
        choice(box, "c").click()
        tab.reload()
        assert marks(box) == UNTOUCHED
        tab.errors.clear()  # the theme's own scripts trust localStorage


@pytest.mark.browser
@each_source
def test_list_and_fold_stand_there_without_javascript(browser, path):
    with prediction(browser, page_of(path), java_script_enabled=False) as (tab, _):
        for box in tab.locator("div.predict").all():
            items = box.locator("ul > li")
            assert [text[:3] for text in items.all_inner_texts()] == ["(a)", "(b)", "(c)", "(d)"][: items.count()]
            assert items.count() >= 2 and items.first.is_visible() and box.locator("summary").is_visible()
            assert box.locator("button").count() == 0
            assert re.match(r"\([a-d]\): ", box.locator(".sd-summary-content").text_content().strip())


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_after_a_choice(browser, theme):
    with prediction(browser) as (tab, box):
        tab.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        choice(box, "b").click()
        assert marks(box) == WRONG
        tab.mouse.move(0, 0)
        # axe asks no contrast of what is disabled; who reads the answer does
        box.locator("ul button").evaluate_all("(all) => all.forEach((b) => b.removeAttribute('aria-disabled'))")
        assert test_book.accessibility(tab) == []


@pytest.mark.browser
def test_paper_has_a_list_and_no_buttons(browser):
    with prediction(browser) as (tab, box):
        choice(box, "b").click()
        tab.emulate_media(media="print")
        assert style(box.locator("ul"), "listStyleType") == "disc"
        assert {style(button, "borderTopWidth") for button in box.locator("ul button").all()} == {"0px"}
        seen = box.locator("ul").inner_text().split("\n")
        assert [line for line in seen if line.strip()] == ["(a) 300", "(b) 255", "(c) 44"]
        assert not box.locator(".course-outcome").is_visible()


PAGE = """<!doctype html><html lang="en"><title>t</title><body>{boxes}
<script>const DOCUMENTATION_OPTIONS = {{ pagename: "t" }};</script><script src="{script}"></script></body></html>"""
WRITTEN = """<div class="admonition predict"><p>Predict</p><p>How many?</p>
<ul><li><p>(a) one</p></li><li>(b) two</li></ul>
<details><summary>Answer</summary><div class="sd-summary-content"><p>(b): because.</p></div></details></div>"""


@pytest.mark.browser
def test_a_box_without_choices_or_letter_stays_and_an_edited_question_is_asked_anew(browser, tmp_path):
    others = [WRITTEN.replace("(b): because", "Two, because"), WRITTEN.replace("(b): because", "(c): because"),
              re.sub("<ul>.*</ul>", "", WRITTEN), re.sub("<details>.*</details>", "", WRITTEN, flags=re.S),
              WRITTEN.replace("(a) one", "one")]
    page = tmp_path / "t.html"

    def write(first):
        page.write_text(PAGE.format(boxes="\n".join([first, *others]), script=SCRIPT.as_uri()), "utf-8")

    write(WRITTEN)
    with prediction(browser, page) as (tab, box):
        after = tab.locator("div.predict").evaluate_all("(all) => all.map((box) => box.outerHTML)")
        assert after[1:] == others and "<button" in after[0]
        choice(box, "a").click()
        for text, expected in [(WRITTEN, "your choice"), (WRITTEN.replace("How many?", "How many now?"), "")]:
            write(text)
            tab.reload()
            assert marks(box)["a"] == expected
