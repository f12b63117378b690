/* The search page. Ranks the sections of COURSE_SECTIONS (written by book/_ext/section_search.py) for the words in ?q=,
   cut and stemmed as there: each word of the query that the book knows adds its rarity times its weight in the section. */
(() => {
  "use strict";
  const SHOWN = 20;
  const WORTH = 0.15;  // of the best score: what has less is not shown
  const LENGTH = 220;  // characters of an excerpt
  const LONGEST = 1000;  // characters of a query that are read
  const index = COURSE_SECTIONS;
  const noise = new Set(index.noise);
  const stemmer = new Stemmer();
  /* ---- words: the same as words() and terms() in section_search.py ---- */
  function stem(word) {
    word = word.replace(/^(.{5,}i)s(e|ed|er|es|ing|ation)$/, "$1z$2").replace(/olog(y|ies)$/, "olog");
    return word.length > 2 ? stemmer.stemWord(word) : word;
  }
  const WORD = /[0-9]+(?:[.][0-9]+)+|[A-Za-z0-9_\u0370-\u03ff]+(?:-[A-Za-z_]+)*/g;
  const PARTS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[\u0370-\u03ff]+/g;

  function words(text) {
    text = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "")
      .replace(/([0-9]),(?=[0-9]{3}(?![0-9]))/g, "$1")
      .replace(/(^|[\s(\[,])[-\u2212](?=[0-9])/g, "$1minus");
    return (text.match(WORD) || []).flatMap((word) => {
      const parts = word.includes(".") ? [word] : word.match(PARTS) || [];
      return (parts.length > 1 ? [parts.join(""), ...parts] : parts).map((part) => part.toLowerCase());
    });
  }

  const term = (word) => Object.hasOwn(index.same, stem(word)) ? index.same[stem(word)] : stem(word);
  const terms = (text) => words(text).filter((word) => !noise.has(word)).map(term);

  /* ---- ranking ---- */
  const rarity = (known) => {
    const holding = index.terms[known].length / 2;
    return Math.log(1 + (index.sections.length - holding + 0.5) / (holding + 0.5));
  };

  /* The sections that hold words of the query, the best first: [{section, score}]. */
  function rank(query) {
    query = query.slice(0, LONGEST);
    const name = query.trim().replace(/^[A-Za-z_][\w.]*\.(?=\w)/, "").replace(/\(.*\)$/, "");  // of cv2.Canny(image, 50, 100)
    const asked = [...new Set([...terms(query), `=${words(name).join(" ")}`])].filter((word) => Object.hasOwn(index.terms, word));
    const scores = new Map();
    for (const word of asked) {
      const postings = index.terms[word];
      for (let k = 0; k < postings.length; k += 2) {
        scores.set(postings[k], (scores.get(postings[k]) || 0) + rarity(word) * postings[k + 1]);
      }
    }
    return [...scores].map(([section, score]) => ({ section, score })).sort((a, b) => b.score - a.score || a.section - b.section);
  }

  const address = ([page, anchor]) => `${index.pages[page][0]}#${anchor}`;

  /* ---- what is shown ---- */
  const make = (name, className, ...children) => {
    const made = document.createElement(name);
    made.className = className;
    made.append(...children);
    return made;
  };

  /* The words of a text as nodes, those of the query in <mark>. */
  function marked(text, asked) {
    return text.split(/([\p{L}\p{N}_]+(?:[-.,][\p{L}\p{N}_]+)*)/u).map((piece, k) =>
      k % 2 && terms(piece).some((word) => asked.has(word)) ? make("mark", "", piece) : piece);
  }

  /* The sentence in which the query's words weigh most, of two such the earlier one; a long one is cut. */
  function excerpt(text, asked) {
    const weight = (sentence) => [...new Set(terms(sentence))].reduce(
      (sum, word) => sum + (asked.has(word) && Object.hasOwn(index.terms, word) ? rarity(word) : 0), 0);
    const sentences = text.match(/[^.?!]+(?:[.?!](?!\s)[^.?!]*)*[.?!]?\s*/g) || [];
    const best = sentences.reduce((a, b) => weight(b) > weight(a) ? b : a, sentences[0] || "");
    const from = text.indexOf(best);
    const shown = text.slice(from, from + LENGTH);
    const whole = from + LENGTH >= text.length;
    return `${from > 0 ? "… " : ""}${whole ? shown : shown.replace(/\s\S*$/, " …")}`;
  }

  function result({ section }, asked) {
    const [page, , title, text] = index.sections[section];
    const [, pageTitle] = index.pages[page];
    const link = make("a", "", title);
    link.href = address(index.sections[section]);
    const where = title === pageTitle ? [] : [make("span", "course-found-page", `${pageTitle} \u203a `)];
    return make("li", "", make("p", "course-found-title", ...where, link),
      make("p", "course-found-text", ...marked(excerpt(text, asked), asked)));
  }

  function show(query) {
    const ranked = rank(query);
    const found = ranked.filter(({ score }) => score >= WORTH * ranked[0].score).slice(0, SHOWN);
    const asked = new Set(terms(query.slice(0, LONGEST)));
    const list = make("ol", "course-found", ...found.map((one) => result(one, asked)));
    let said = "";
    if (found.length) {
      said = found.length === 1 ? "One section found." : `${found.length} sections, the best first.`;
    } else if (query.trim()) {
      said = "No section holds these words. Try the plain name of a thing or of a function, such as contour or gaussian_blur.";
    }
    document.getElementById("search-count").textContent = said;
    document.getElementById("search-results").replaceChildren(...(found.length ? [list] : []));
  }

  window.courseSearch = { words, stem, terms, rank: (query) => rank(query).map(({ section }) => address(index.sections[section])) };
  document.addEventListener("DOMContentLoaded", () => {
    const query = new URLSearchParams(location.search).get("q") || "";
    document.querySelectorAll("input[name=q]").forEach((box) => { box.value = query; });
    show(query);
  });
})();
