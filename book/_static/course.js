/* What a style sheet cannot do: a box that scrolls sideways must be reachable by keyboard, and paper is white. */
(() => {
  "use strict";
  const SCROLLERS = ".math.notranslate, [role=math], .bd-article pre, .course-data, .course-scroll, .course-figure, .pst-scrollable-table-container, .viewcode-block, .output.text_html";
  const reach = () => document.querySelectorAll(SCROLLERS).forEach((box) => {
    if (box.scrollWidth > box.clientWidth && box.getAttribute("tabindex") !== "0") box.tabIndex = 0;
  });
  window.addEventListener("load", () => { reach(); setTimeout(reach, 1500); });
  window.addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
  const root = document.documentElement.dataset;
  let theme;
  window.addEventListener("beforeprint", () => { theme = root.theme; root.theme = "light"; });
  window.addEventListener("afterprint", () => { root.theme = theme; });
})();
