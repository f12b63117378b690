/* Two things a style sheet cannot do. The page is complete without this file.
   1. Paper cannot be unfolded: open every fold before printing, and fold it again afterwards.
   2. A box that scrolls sideways must be reachable by keyboard. */
(() => {
  "use strict";
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((fold) => { fold.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((fold) => { fold.open = false; }));

  const SCROLLERS = ".math.notranslate, mjx-container[display=true], .bd-article pre, .course-data, .course-scroll, .course-figure, .pst-scrollable-table-container, .viewcode-block, .output.text_html";
  const reach = () => document.querySelectorAll(SCROLLERS).forEach((box) => {
    if (box.scrollWidth > box.clientWidth + 1 && box.getAttribute("tabindex") !== "0") box.tabIndex = 0;
  });
  window.addEventListener("load", () => { reach(); setTimeout(reach, 1500); });
  window.addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
})();
