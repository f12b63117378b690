"""`{speed-table}`: the measurements of benchmarks/results/speed.json as a table for each task.

A number typed into prose drifts from the measurement. The page holds no number; this directive reads the file that
`make bench` wrote. A missing or malformed file is an error of the build, with the remedy in the message.
"""

import json
from html import escape
from itertools import groupby
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

COLUMNS = ["task", "ours", "peer", "size", "ours_ms", "peer_ms", "ratio"]
RESULTS = "benchmarks/results/speed.json"


def read_results(path: Path) -> dict:
    if not path.exists():
        raise ValueError(f"{RESULTS} is missing: run `make bench` first.")
    results = json.loads(path.read_text("utf-8"))
    for number, row in enumerate(results.get("rows", [])):
        missing = [name for name in COLUMNS if name not in row]
        if missing:
            raise ValueError(f"{RESULTS}: row {number} lacks {', '.join(missing)}. Run `make bench` again.")
    if not results.get("rows"):
        raise ValueError(f"{RESULTS} holds no rows: run `make bench` again.")
    return results


def milliseconds(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def row_html(row: dict) -> str:
    aim = row.get("aim")
    ratio = f"{row['ratio']:.2f}"
    if "ratio_quartiles" in row:
        ratio += " ({:.2f} to {:.2f})".format(*row["ratio_quartiles"])
    if aim is not None and row["ratio"] > aim:
        ratio += ' <span class="course-missed">above the aim</span>'
    cells = [row["size"], milliseconds(row["ours_ms"]), milliseconds(row["peer_ms"]), ratio,
             "" if aim is None else f"at most {aim:.2f}"]
    return f'<tr><th scope="row">{escape(row["peer"])}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def table_html(task: str, rows: list[dict]) -> str:
    ours = escape(", ".join(sorted({row["ours"] for row in rows})))
    names = ["Peer", "Side in pixels", "Ours in ms", "Peer in ms", "Ratio", "Aim"]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return (f'<div class="course-scroll" tabindex="0" role="region" aria-label="Times: {escape(task, quote=True)}">'
            f'<table class="table course-measured course-speed">'
            f"<caption>{escape(task)}, by <code>{ours}</code></caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(map(row_html, rows))}</tbody></table></div>"
            f'<p class="course-machine">{escape(note(rows))}</p>')


def note(rows: list[dict]) -> str:
    """Which picture was used, and in which sense each peer's answer is ours: the benchmark checked it before timing."""
    pictures = {row["picture"]: None for row in rows if "picture" in row}  # a dict keeps the order
    answers = {f"{row['peer']}: {row['answers']}": None for row in rows if "answers" in row}
    return " ".join([*(f"Picture: {name}." for name in pictures), *(f"{text}." for text in answers)])


class SpeedTable(SphinxDirective):
    has_content = False

    def run(self):
        path = Path(self.env.srcdir) / RESULTS
        self.env.note_dependency(RESULTS)
        try:
            results = read_results(path)
        except ValueError as error:
            raise self.error(str(error)) from error
        facts = results.get("machine", {}).items()
        machine = "; ".join(f"{escape(str(key))}: {escape(str(value))}" for key, value in facts)
        html = [f'<p class="course-machine">Measured on {machine}.</p>'] if machine else []
        for task, rows in groupby(results["rows"], key=lambda row: row["task"]):
            html.append(table_html(task, list(rows)))
        return [nodes.raw("", "\n".join(html), format="html")]


def setup(app):
    app.add_directive("speed-table", SpeedTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
