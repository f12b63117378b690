/* Live figures: the computation runs in the page, on a picture of the course or on the reader's own.

   course_lib/live.py writes <div class="course-live" data-live="...">, with a drawn figure inside for a reader
   without JavaScript; this script replaces the drawing by controls and canvases. Nothing is sent anywhere. */
"use strict";
(() => {
  const B = window.courseBoundaries;
  const LONGEST = 512; // pixels of the longer side of a reader's photograph
  const GRAY = Uint32Array.from({ length: 256 }, (_, v) => rgb(v, v, v));
  const ORANGE = rgb(230, 159, 0), BLUE = rgb(86, 180, 233); // of Okabe and Ito
  let photograph = null; // the reader's own, for all figures of the page

  function rgb(r, g, b) {
    return (255 << 24 | b << 16 | g << 8 | r) >>> 0; // as canvases keep it
  }
  const number = (value) => value.toLocaleString("en", { maximumFractionDigits: 2 }).replace("-", "−");
  const count = (n, word) => `${number(n)} ${word}${n === 1 ? "" : "s"}`;
  const share = (part, whole) => {
    const percent = (100 * part) / whole, digits = percent < 0.1 || percent > 99.9 ? 2 : 1;
    return `${number(+percent.toFixed(digits))} %`;
  };
  const total = (mask) => mask.reduce((sum, v) => sum + v, 0);

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  }

  /* 256 colours from base64, three bytes each. */
  function colors(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return Uint32Array.from({ length: bytes.length / 3 }, (_, k) => rgb(...bytes.subarray(3 * k, 3 * k + 3)));
  }

  /* The luma of a picture that the browser has decoded, in the whole numbers of course_lib.images.to_gray. */
  function grayOf(picture, width, height) {
    const scale = Math.min(1, LONGEST / Math.max(width, height));
    const W = Math.max(1, Math.round(width * scale)), H = Math.max(1, Math.round(height * scale));
    const context = element("canvas", { width: W, height: H }).getContext("2d");
    context.fillStyle = "white"; // transparent pixels are laid on white
    context.fillRect(0, 0, W, H);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, W, H);
    const rgba = context.getImageData(0, 0, W, H).data, data = new Uint8Array(W * H);
    for (let p = 0; p < data.length; p++)
      data[p] = (9798 * rgba[4 * p] + 19235 * rgba[4 * p + 1] + 3735 * rgba[4 * p + 2] + 16384) >> 15;
    return { width: W, height: H, data };
  }

  async function load(address) {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    return grayOf(picture, picture.naturalWidth, picture.naturalHeight);
  }

  /* Every pixel p of the canvas gets color(p). */
  function paint(canvas, { width: W, height: H }, color) {
    canvas.width = W, canvas.height = H;
    canvas.style.inlineSize = `min(100%, max(60vh, 20rem) * ${W / H})`;
    const context = canvas.getContext("2d"), pixels = context.createImageData(W, H);
    const out = new Uint32Array(pixels.data.buffer);
    for (let p = 0; p < out.length; p++) out[p] = color(p);
    context.putImageData(pixels, 0, 0);
    return context;
  }

  /* Grey what is a picture; else blue through white to red, symmetric about 0, or magma if nothing is negative. */
  function field(values, settings, isPicture = false) {
    let low = 0, high = 0;
    for (const v of values) low = Math.min(low, v), high = Math.max(high, v);
    if (isPicture && low >= 0) return (p) => GRAY[Math.min(255, Math.round(values[p]))];
    const largest = Math.max(-low, high) || 1, table = low < 0 ? settings.signed : settings.magma;
    const index = low < 0 ? (v) => 128 * (v / largest + 1) : (v) => (256 * v) / largest;
    return (p) => table[Math.min(255, Math.floor(index(values[p])))];
  }

  /* ---- controls: native, so that keyboard, touch and screen readers work ---- */

  function slider(name, min, max, step, value, changed, written = number) {
    const shown = element("output", { "aria-live": "off" }, written(value));
    const input = element("input", { type: "range", min, max, step, value, "aria-valuetext": written(value),
      oninput: () => { control.set(+input.value); changed(); } });
    const box = element("label", { class: "course-live-slider" }, element("span", {}, name), input, shown);
    const control = { box, input, get value() { return +input.value; },
      set(to) {
        input.value = to;
        shown.textContent = written(+input.value);
        input.setAttribute("aria-valuetext", shown.textContent);
      },
      within(largest) { input.max = largest; control.set(Math.min(control.value, largest)); } };
    return control;
  }

  /* Canny's two thresholds; low stays below high: the other one goes along. */
  function thresholds(low, high, changed) {
    const pair = ["low", "high"].map((name, k) => slider(name, 0, 1000, 5, k ? high : low, () => {
      if (pair[0].value > pair[1].value) pair[1 - k].set(pair[k].value);
      changed();
    }));
    return pair;
  }

  /* One of several: radio buttons named `legend`; options are [value, label]. */
  function choice(legend, options, value, changed) {
    window.courseChoices = (window.courseChoices || 0) + 1; // JupyterLab runs this script once for each figure
    const group = `course-live-${window.courseChoices}`;
    const control = { value };
    control.box = element("fieldset", {}, element("legend", {}, legend), ...options.map(([key, label]) =>
      element("label", {}, element("input", { type: "radio", name: group, checked: key === value,
        onchange: () => { control.value = key; changed(); } }), label)));
    return control;
  }

  /* Which picture: those of the course, and one that the reader picks or takes. */
  function source(settings, changed) {
    const names = Object.keys(settings.pictures);
    const select = element("select", { onchange: () => { said.textContent = ""; show(select.value); } },
      ...names.map((name) => element("option", {}, name)));
    const said = element("p", { role: "status", class: "course-live-note" });
    const file = element("input", { type: "file", accept: "image/*", onchange: () => take(file.files[0]) });
    const mine = "your photograph";
    let latest = 0; // of two pictures asked for in turn the second is shown, whichever is decoded first
    async function show(name) {
      const turn = ++latest, image = name === mine ? photograph : await load(settings.pictures[name]);
      if (turn === latest) changed(image, name);
    }
    async function take(picked) {
      if (!picked) return;
      const address = URL.createObjectURL(picked), turn = ++latest;
      const image = await load(address).catch(() => null);
      URL.revokeObjectURL(address);
      if (turn !== latest) return;
      file.value = "";
      said.textContent = image ? "" :
        `${picked.name} is not a picture that this browser can show. Choose a JPEG, PNG or WebP file.`;
      if (!image) return show(select.value); // what was asked for before
      offer(), select.value = mine;
      document.dispatchEvent(new CustomEvent("course-photograph", { detail: image }));
    }
    const offer = () => select.options.length > names.length || select.append(element("option", {}, mine));
    document.addEventListener("course-photograph", function hear({ detail }) {
      if (!select.isConnected) return document.removeEventListener("course-photograph", hear); // its cell was run again
      photograph = detail, offer(); // in JupyterLab each figure has its own copy of this script
      if (select.value === mine) show(mine);
    });
    if (photograph) offer();
    const box = element("div", { class: "course-live-source" },
      element("label", {}, "Picture ", select), element("label", { class: "course-live-button" }, "Your photograph …", file), said);
    changed(settings.first, names[0]);
    return box;
  }

  /* On the left the stage that a row of small canvases chooses, on the right the result with what changes it below, so
     that on a phone, where they stand below each other, the result is in sight while a slider moves. */
  function views(stages, start, changed, ...controls) {
    const small = Object.fromEntries(stages.map((name) => [name, element("canvas", { "aria-hidden": "true" })]));
    const left = element("canvas", { role: "img" }), right = element("canvas", { role: "img" });
    const chosen = choice("Stage to look at", stages.map((name) =>
      [name, element("span", {}, small[name], element("span", {}, name))]), start, changed);
    chosen.box.className = "course-live-stages";
    const box = element("div", { class: "course-live-views" },
      element("div", {}, left, chosen.box), element("div", {}, right, ...controls));
    const copy = () => {
      const from = small[chosen.value];
      left.width = from.width, left.height = from.height, left.style.inlineSize = from.style.inlineSize;
      left.getContext("2d").drawImage(from, 0, 0);
    };
    return { box, small, left, right, copy, get chosen() { return chosen.value; } };
  }

  /* The pixel under a pointer that is pressed on the canvas. */
  function onPress(canvas, then) {
    const at = (event) => {
      if (event.button > 0) return;
      if (event.type === "pointermove" && (!event.buttons
        || (event.pointerType === "touch" && Math.abs(event.movementX) <= Math.abs(event.movementY)))) return; // a scroll
      const box = canvas.getBoundingClientRect();
      const inside = (u, n) => Math.max(0, Math.min(n - 1, Math.floor(u * n)));
      then(inside((event.clientX - box.left) / box.width, canvas.width),
        inside((event.clientY - box.top) / box.height, canvas.height));
    };
    for (const type of ["pointerup", "pointermove"]) canvas.addEventListener(type, at);
    canvas.classList.add("course-live-pressed");
  }

  /* ---- the arithmetic lens: nine products and their sum ---- */

  function lens(figure, settings) {
    let image = null, result = null, name = "";
    const kernel = choice("Kernel", Object.keys(settings.kernels).map((k) => [k, k]), Object.keys(settings.kernels)[0], filter);
    const x = slider("x", 0, settings.x, 1, settings.x, look), y = slider("y", 0, settings.y, 1, settings.y, look);
    const left = element("canvas", { role: "img" }), right = element("canvas", { role: "img" });
    const enlarged = element("canvas", { role: "img", class: "course-live-enlarged" });
    const cells = Array.from({ length: 9 }, () => element("td", {}));
    const products = element("table", { class: "course-live-products" }, element("caption", {}, "weight · grey value = product"),
      element("tbody", {}, ...[0, 3, 6].map((k) => element("tr", {}, ...cells.slice(k, k + 3)))));
    const sum = element("p", { class: "course-live-note", "aria-live": "polite" }), code = element("code", {});
    const picture = source(settings, (to, called) => {
      image = to, name = called;
      x.within(image.width - 1), y.within(image.height - 1);
      filter();
    });
    for (const canvas of [left, right]) onPress(canvas, (u, v) => { x.set(u), y.set(v), look(); });
    figure.replaceChildren(picture, kernel.box,
      element("div", { class: "course-live-views course-live-pair" }, element("div", {}, left), element("div", {}, right)),
      element("div", { class: "course-live-sliders" }, x.box, y.box),
      element("div", { class: "course-live-sum" }, element("div", { class: "course-live-frame" }, enlarged), products), sum,
      element("p", { class: "course-live-code" }, code));

    function filter() {
      const { weights, divisor } = settings.kernels[kernel.value];
      result = B.correlate(image, weights, divisor);
      right.setAttribute("aria-label", `${name}, correlated with the kernel ${kernel.value}`);
      look();
    }
    function look() {
      const { weights, divisor } = settings.kernels[kernel.value], u = x.value, v = y.value;
      mark(paint(left, image, (p) => GRAY[image.data[p]]), u, v);
      mark(paint(right, image, field(result, settings, divisor > 1)), u, v);
      const values = B.neighbours(image, u, v), terms = values.map((value, k) => weights[k] * value);
      cells.forEach((cell, k) => {
        cell.textContent = `${number(weights[k])} · ${values[k]} = ${number(terms[k])}`;
        cell.style.background = `rgb(${values[k]} ${values[k]} ${values[k]})`;
        cell.style.color = values[k] > 117 ? "#000" : "#fff"; // whichever has the higher contrast
      });
      const reach = 7, side = { width: 2 * reach + 1, height: 2 * reach + 1 };
      paint(enlarged, side, (p) => {
        const s = u + (p % side.width) - reach, t = v + Math.floor(p / side.width) - reach;
        return s < 0 || t < 0 || s >= image.width || t >= image.height ? 0 : GRAY[image.data[t * image.width + s]];
      });
      const added = terms.map((term, k) => `${k ? (term < 0 ? " − " : " + ") : term < 0 ? "−" : ""}${number(Math.abs(term))}`).join("");
      const whole = terms.reduce((a, b) => a + b, 0);
      sum.textContent = `At x = ${u}, y = ${v}: ${added} = ${number(whole)}`
        + (divisor === 1 ? "." : `; divided by ${divisor}: ${number(whole / divisor)}.`);
      left.setAttribute("aria-label", `${name}, ${image.width} by ${image.height} pixels, with a cross at x = ${u}, y = ${v}`);
      enlarged.setAttribute("aria-label",
        `The ${side.width} by ${side.width} pixels around x = ${u}, y = ${v}, the nine under the kernel framed`);
      const rows = [0, 3, 6].map((k) => `[${weights.slice(k, k + 3).join(", ")}]`).join(", ");
      code.textContent = `correlate(image, ${divisor === 1 ? `[${rows}]` : `np.array([${rows}]) / ${divisor}`})[${v}, ${u}]`;
    }
  }

  /* A light line on a darker, wider one, so that it is seen on any ground. */
  function outlined(context, trace) {
    const unit = Math.max(1, context.canvas.width / 300);
    context.beginPath();
    trace(context);
    for (const [style, width] of [["#000", 3 * unit], ["#fff", unit]]) {
      context.strokeStyle = style, context.lineWidth = width;
      context.stroke();
    }
  }

  /* A cross whose arms stop before the pixel. */
  function mark(context, x, y) {
    const { width: W, height: H } = context.canvas, gap = 5 * Math.max(1, W / 300);
    outlined(context, () => {
      for (const [a, b, c, d] of [[0, y, x - gap, y], [x + gap, y, W, y], [x, 0, x, y - gap], [x, y + gap, x, H]])
        context.moveTo(a + 0.5, b + 0.5), context.lineTo(c + 0.5, d + 0.5);
    });
  }

  /* ---- Canny, stage by stage ---- */

  function canny(figure, settings) {
    let image = null, gradient = null, name = "";
    const sigma = slider("σ of the blur", 0, 3, 0.1, settings.sigma, differentiate, (v) => (v ? `${number(v)} px` : "none"));
    const norm = choice("Norm", [["l1", "L1"], ["l2", "L2"]], settings.norm, differentiate);
    const [low, high] = thresholds(settings.low, settings.high, update);
    const view = views(["picture", "gx", "gy", "magnitude", "maxima"], "picture", show, low.box, high.box, sigma.box, norm.box);
    const said = element("p", { class: "course-live-note", "aria-live": "polite" }), code = element("code", {});
    const picture = source(settings, (to, called) => { image = to, name = called; differentiate(); });
    figure.replaceChildren(picture, view.box, said, element("p", { class: "course-live-code" }, code));

    function differentiate() {
      const blurred = sigma.value ? B.gaussianBlur(image, sigma.value) : image;
      gradient = B.gradient(blurred, norm.value);
      paint(view.small.picture, image, (p) => GRAY[blurred.data[p]]);
      for (const stage of ["gx", "gy"]) paint(view.small[stage], image, field(gradient[stage], settings));
      const length = norm.value === "l2" ? gradient.magnitude.map(Math.sqrt) : gradient.magnitude;
      paint(view.small.magnitude, image, field(length, settings));
      update();
    }
    function update() {
      const found = B.edgesOf(gradient, low.value, high.value), m = gradient.magnitude;
      const strong = found.maxima.map((is, p) => is && m[p] > found.high);
      paint(view.small.maxima, image, (p) => (strong[p] ? GRAY[255] : found.maxima[p] ? ORANGE : GRAY[0]));
      paint(view.right, image, (p) => GRAY[255 * found.edges[p]]);
      const [n, s, e] = [found.maxima, strong, found.edges].map(total), size = m.length;
      const largest = m.reduce((a, b) => Math.max(a, b), 0), top = norm.value === "l2" ? Math.sqrt(largest) : largest;
      const counts = `${number(n)} maxima above low, ${number(s)} of them above high; ` +
        `${count(e, "edge pixel")}, ${share(e, size)} of ${image.width} × ${image.height}`;
      said.textContent = `Magnitudes go up to ${number(Math.round(top))}: ${counts}.`;
      view.right.setAttribute("aria-label", `Edges of the picture ${name}, white on black: ${counts}`);
      const input = sigma.value ? `gaussian_blur(image, ${sigma.value})` : "image";
      code.textContent = `canny(${input}, ${low.value}, ${high.value}${norm.value === "l2" ? ', norm="l2"' : ""})`;
      show();
    }
    function show() {
      view.copy();
      view.left.setAttribute("aria-label", `${view.chosen} of ${name}`);
    }
  }

  /* ---- from a mask to regions and contours ---- */

  function regions(figure, settings) {
    let image = null, name = "", found = null, at = -1; // a pixel of the region that is described
    const from = choice("Inside is what is", [["brighter", "brighter than the threshold"], ["darker", "not brighter"],
      ["edges", "an edge of Canny's"]], settings.inside, update);
    const threshold = slider("threshold", 0, 255, 1, 128, update);
    const [low, high] = thresholds(100, 200, update);
    const connectivity = choice("Neighbours", [[8, "8"], [4, "4"]], 8, update);
    const region = element("input", { type: "number", min: 1, value: 1,
      oninput: () => { at = found.labels.indexOf(+region.value); describe(); } });
    const said = element("p", { class: "course-live-note", "aria-live": "polite" });
    const one = element("p", { class: "course-live-note", "aria-live": "polite" }), code = element("code", {});
    const otsu = element("button", { type: "button", class: "course-live-button",
      onclick: () => { threshold.set(B.otsu(image)); update(); } }, "Otsu's threshold");
    const view = views(["picture", "mask", "contours"], "contours", show, threshold.box, otsu, low.box, high.box, from.box,
      connectivity.box);
    const picture = source(settings, (to, called) => {
      image = to, name = called, at = -1;
      threshold.set(B.otsu(image));
      update();
    });
    for (const canvas of [view.left, view.right]) onPress(canvas, (x, y) => {
      const k = found.labels[y * image.width + x];
      if (k) at = y * image.width + x, region.value = k, describe();
    });
    figure.replaceChildren(picture, view.box, said,
      element("label", { class: "course-live-region" }, "Region number ", region), one, element("p", { class: "course-live-code" }, code));

    function update() {
      const edges = from.value === "edges", t = threshold.value, W = image.width, H = image.height;
      threshold.box.hidden = otsu.hidden = edges;
      low.box.hidden = high.box.hidden = !edges;
      const mask = edges ? B.canny(image, low.value, high.value) : image.data.map((v) => (v > t) === (from.value === "brighter"));
      const { contours, hierarchy } = B.findContours(mask, W, H);
      const isHole = [];
      hierarchy.forEach(([, , , parent], k) => (isHole[k] = parent >= 0 && !isHole[parent])); // parents come first
      const { labels, count: regions } = B.label(mask, W, H, connectivity.value);
      found = { labels, regions, contours, isHole, edges, statistics: B.regionStatistics(labels, regions, W) };
      paint(view.small.picture, image, (p) => GRAY[image.data[p]]);
      paint(view.small.mask, image, (p) => GRAY[255 * mask[p]]);
      const border = new Uint32Array(W * H); // the colour of an outer border, and of every other pixel of a hole's: dotted
      contours.forEach((points, k) => {
        const [color, step] = isHole[k] ? [BLUE, 4] : [ORANGE, 2];
        for (let i = 0; i < points.length; i += step) border[points[i + 1] * W + points[i]] = color;
      });
      paint(view.small.contours, image, (p) => border[p] || GRAY[image.data[p] >> 1]);
      const holes = isHole.filter(Boolean).length;
      said.textContent = `${count(total(mask), "pixel")} inside (${share(total(mask), W * H)}), in ${count(regions, "region")}; ` +
        `${count(contours.length, "contour")}: ${count(contours.length - holes, "outer border")} (orange), ` +
        `${number(holes)} of holes (blue, dotted).${connectivity.value === 4 ? " Contours join by 8 neighbours." : ""}`;
      const inside = edges ? `canny(image, ${low.value}, ${high.value})` : `image ${from.value === "brighter" ? ">" : "<="} ${t}`;
      code.textContent = `label(${inside}${connectivity.value === 4 ? ", connectivity=4" : ""}), find_contours(${inside})`;
      region.max = Math.max(regions, 1), region.value = labels[at] || 1; // its number changes, the region stays
      describe();
      show();
    }
    function describe() {
      const { labels, regions, statistics, contours, isHole, edges } = found, k = +region.value, W = image.width;
      const other = (p, q) => labels[p] !== labels[q], last = W * (image.height - 1);
      const context = paint(view.right, image, (p) => {
        if (!edges && (((p + 1) % W && other(p, p + 1)) || (p < last && other(p, p + W)))) return GRAY[255];
        const v = image.data[p], color = settings.palette[(labels[p] - 1) % settings.palette.length];
        if (k && labels[p] === k) return rgb(...color);
        return labels[p] ? rgb(...color.map((c) => (c >> 1) + (v >> 1))) : GRAY[v];
      });
      const r = statistics[k - 1];
      if (r) outlined(context, (trace) => trace.rect(r.left - 1.5, r.top - 1.5, r.right - r.left + 4, r.bottom - r.top + 4));
      one.textContent = !regions ? "No region: nothing is inside." : !r ? `There are regions 1 to ${regions}.` :
        `Region ${k}: area ${number(r.area)} px, box ${r.right - r.left + 1} × ${r.bottom - r.top + 1} at (${r.left}, ${r.top}), ` +
        `centroid (${number(r.x)}, ${number(r.y)}).${connectivity.value === 8 ? outline(k, labels, contours, isHole, W) : ""}`;
      view.right.setAttribute("aria-label", `Regions of ${name} in colours. ${said.textContent} ${one.textContent}`);
    }
    /* The outer border of an 8-connected region, and how many holes it has. */
    function outline(k, labels, contours, isHole, W) {
      const own = contours.map((points, c) => c).filter((c) => labels[contours[c][1] * W + contours[c][0]] === k);
      const { area, length } = B.measure(contours[own.find((c) => !isHole[c])]), holes = own.length - 1;
      return ` Its outer border: length ${number(length)} px, polygon of area ${number(area)} px²; ${count(holes, "hole")}.`;
    }
    function show() {
      view.copy();
      view.left.setAttribute("aria-label", `${view.chosen} of ${name}`);
    }
  }

  /* ---- start ---- */

  const KINDS = { lens, canny, regions };
  for (const figure of document.querySelectorAll(".course-live:not([data-runs])")) {
    const settings = JSON.parse(figure.dataset.live);
    settings.magma = colors(settings.magma), settings.signed = colors(settings.signed);
    figure.dataset.runs = "";
    figure.addEventListener("keydown", (event) => event.stopPropagation()); // JupyterLab would take the arrow keys
    load(Object.values(settings.pictures)[0]) // a browser that cannot decode it keeps the drawn figure
      .then((first) => KINDS[settings.kind](figure, { ...settings, first }), () => {});
  }
})();
