/* A box "Predict" whose question has a list of choices (a), (b), ... becomes a small quiz: choose, then see. The page is
   complete without this file, and a box without such a list, or whose answer does not begin with a letter, stays as it is.
   The choice is kept in this browser and goes nowhere; an edited question is asked anew, because its text is the key. */
(() => {
  "use strict";

  // localStorage throws where the reader has forbidden it: then nothing is remembered.
  const remembered = (use) => { try { return use(window.localStorage); } catch { return null; } };
  const letterOf = (element) => (/^\s*\(([a-z])\)/.exec(element ? element.textContent : "") || [])[1];
  const make = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });

  document.querySelectorAll(".admonition.predict").forEach((box, number) => {
    const list = box.querySelector(":scope > ul"), fold = box.querySelector(":scope > details");
    const items = list ? [...list.children] : [], letters = items.map(letterOf);
    const right = letterOf(fold && fold.querySelector(".sd-summary-content"));
    if (!right || !letters.includes(right) || letters.includes(undefined)) return;

    const question = list.previousElementSibling;
    const key = ["predict", DOCUMENTATION_OPTIONS.pagename, question.textContent, list.textContent].join(" ").replace(/\s+/g, " ");
    question.id = question.id || `prediction-${number}`;
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", question.id);
    list.classList.add("course-choices");

    const choices = items.map((item, k) => {
      const button = make("button"), text = make("span", "course-choice"), mark = make("span", "course-mark");
      button.type = "button";
      text.append(...(item.querySelector(":scope > p") || item).childNodes);
      text.firstChild.data = text.firstChild.data.replace(/^\s*\([a-z]\)\s*/, "");
      button.append(make("span", "course-letter", `(${letters[k]})`), " ", text, " ", mark);
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") === "true") return;
        remembered((storage) => storage.setItem(key, letters[k]));
        show(letters[k]);
      });
      item.replaceChildren(button);
      return { letter: letters[k], button, mark };
    });

    const row = make("div", "course-outcome"), outcome = make("p"), again = make("button", "", "Choose again");
    outcome.setAttribute("role", "status");
    again.type = "button";
    again.addEventListener("click", () => {
      remembered((storage) => storage.removeItem(key));
      show(null);
      choices[0].button.focus();
    });
    row.append(outcome, again);
    list.after(row);

    const show = (chosen) => {
      for (const { letter, button, mark } of choices) {
        const isMine = letter === chosen, isRight = Boolean(chosen) && letter === right;
        button.setAttribute("aria-pressed", isMine);
        button.setAttribute("aria-disabled", Boolean(chosen)); // not `disabled`, which would lose the focus
        button.className = isRight ? "course-right" : isMine ? "course-wrong" : "";
        mark.textContent = [isMine && "your choice", isRight && "right"].filter(Boolean).join(", ");
      }
      outcome.textContent = !chosen ? "" : `${chosen === right ? "Right, it is" : `Not (${chosen}): it is`} (${right}). The reason stands below.`;
      again.hidden = !chosen;
      list.classList.toggle("course-answered", Boolean(chosen));
      fold.open = Boolean(chosen);
    };
    show(remembered((storage) => storage.getItem(key)));
  });
})();
