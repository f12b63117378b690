/* Sobel, Canny, connected components and contours in plain JavaScript, for the live figures.

   The functions are those of course_lib.filters and course_lib.boundaries, step by step; tests/test_live.py puts
   1,000 random pictures through both and demands equal numbers in every pixel. A picture is {width, height, data}:
   grey values 0..255, row after row, x to the right and y down. A mask is a Uint8Array of 0 and 1. */
"use strict";
window.courseBoundaries = (() => {
  /* An index beyond the border is mirrored at it, and the border pixel is not repeated: c b | a b c d | c b. */
  function mirror(i, n) {
    if (n === 1) return 0;
    const period = 2 * (n - 1), k = ((i % period) + period) % period;
    return k < n ? k : period - k;
  }

  /* The nine grey values under a 3x3 kernel at (x, y), row after row. */
  function neighbours({ width: W, height: H, data: I }, x, y) {
    const values = [];
    for (let j = -1; j <= 1; j++)
      for (let i = -1; i <= 1; i++) values.push(I[mirror(y + j, H) * W + mirror(x + i, W)]);
    return values;
  }

  /* Eq. correlation with nine weights, divided once at the end. */
  function correlate({ width: W, height: H, data: I }, weights, divisor = 1) {
    const result = new Float64Array(W * H);
    const before = Int32Array.from({ length: W }, (_, x) => mirror(x - 1, W));
    const after = Int32Array.from({ length: W }, (_, x) => mirror(x + 1, W));
    for (let y = 0; y < H; y++)
      for (let j = -1; j <= 1; j++) {
        const row = mirror(y + j, H) * W, [a, b, c] = weights.slice(3 * j + 3);
        for (let x = 0; x < W; x++) result[y * W + x] += a * I[row + before[x]] + b * I[row + x] + c * I[row + after[x]];
      }
    return result.map((sum) => sum / divisor);
  }

  /* The taps times 256 as integers that add up to 256: each tap's rounding error goes to the next one. */
  function gaussianTaps(sigma) {
    const radius = Math.floor(Math.round(6 * sigma + 1) / 2);
    const g = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
    const sum = g.reduce((a, b) => a + b), taps = new Array(g.length).fill(0);
    let error = 0, given = 0;
    for (let i = 0; i < radius; i++) {
      taps[i] = taps[2 * radius - i] = Math.round((256 * g[i]) / sum + error);
      error += (256 * g[i]) / sum - taps[i];
      given += 2 * taps[i];
    }
    taps[radius] = 256 - given;
    return taps;
  }

  /* Rows in 8.8 fixed point, columns in 16.16, one rounding at the end. */
  function gaussianBlur({ width: W, height: H, data: I }, sigma) {
    const taps = gaussianTaps(sigma), r = taps.length >> 1;
    const xs = Int32Array.from({ length: W + 2 * r }, (_, i) => mirror(i - r, W));
    const rows = new Uint16Array(W * H), sums = new Uint32Array(W), data = new Uint8Array(W * H);
    for (let y = 0; y < H; y++)
      for (let x = 0; x < W; x++) {
        let sum = 0;
        for (let k = 0; k <= 2 * r; k++) sum += taps[k] * I[y * W + xs[x + k]];
        rows[y * W + x] = sum;
      }
    for (let y = 0; y < H; y++) {
      sums.fill(32768);
      for (let k = 0; k <= 2 * r; k++) {
        const row = mirror(y + k - r, H) * W, tap = taps[k];
        for (let x = 0; x < W; x++) sums[x] += tap * rows[row + x];
      }
      for (let x = 0; x < W; x++) data[y * W + x] = sums[x] >>> 16;
    }
    return { width: W, height: H, data };
  }

  /* Eq. sobel. Each row is first combined with its neighbours above and below, then along x. */
  function sobel({ width: W, height: H, data: I }, border = "reflect") {
    const reflect = border === "reflect";
    const gx = new Int16Array(W * H), gy = new Int16Array(W * H);
    const smooth = new Int16Array(W + 2), differ = new Int16Array(W + 2);
    const left = reflect ? Math.min(2, W) : 1, right = reflect ? Math.max(W - 1, 1) : W; // stand in for x = -1 and W
    for (let y = 0; y < H; y++) {
      const above = y > 0 ? y - 1 : reflect ? Math.min(1, H - 1) : 0;
      const below = y < H - 1 ? y + 1 : reflect ? Math.max(H - 2, 0) : H - 1;
      const a = above * W, b = y * W, c = below * W;
      for (let x = 0; x < W; x++) {
        smooth[x + 1] = I[a + x] + 2 * I[b + x] + I[c + x];
        differ[x + 1] = I[c + x] - I[a + x];
      }
      smooth[0] = smooth[left], differ[0] = differ[left];
      smooth[W + 1] = smooth[right], differ[W + 1] = differ[right];
      for (let x = 0; x < W; x++) {
        gx[b + x] = smooth[x + 2] - smooth[x];
        gy[b + x] = differ[x] + 2 * differ[x + 1] + differ[x + 2];
      }
    }
    return { gx, gy };
  }

  /* Eq. canny-magnitude. The L2 norm is kept as its square, a whole number. */
  function gradient(image, norm = "l1") {
    const { gx, gy } = sobel(image, "replicate");
    const magnitude = new Int32Array(gx.length);
    for (let p = 0; p < gx.length; p++)
      magnitude[p] = norm === "l2" ? gx[p] * gx[p] + gy[p] * gy[p] : Math.abs(gx[p]) + Math.abs(gy[p]);
    return { width: image.width, height: image.height, norm, gx, gy, magnitude };
  }

  /* Eq. canny-suppression: 1 where the magnitude is above `above` and largest across the edge. */
  function suppress({ width: W, height: H, gx, gy, magnitude }, above) {
    const w = W + 2, M = new Int32Array(w * (H + 2)), maxima = new Uint8Array(W * H); // M in a frame of zeros
    for (let y = 0; y < H; y++) M.set(magnitude.subarray(y * W, (y + 1) * W), (y + 1) * w + 1);
    for (let y = 0; y < H; y++)
      for (let x = 0; x < W; x++) {
        const p = y * W + x, q = (y + 1) * w + x + 1, m = M[q];
        if (m <= above) continue;
        const ax = Math.abs(gx[p]), ay = Math.abs(gy[p]) * 32768;
        if (ay < ax * 13573) maxima[p] = m > M[q - 1] && m >= M[q + 1]; // below 22.5 degrees: left and right
        else if (ay > ax * 79109) maxima[p] = m > M[q - w] && m >= M[q + w]; // above 67.5: up and down
        else if (gx[p] < 0 === gy[p] < 0) maxima[p] = m > M[q - w - 1] && m > M[q + w + 1]; // right-down or left-up
        else maxima[p] = m > M[q - w + 1] && m > M[q + w - 1];
      }
    return maxima;
  }

  /* Eq. canny-hysteresis: of the maxima, those that hang together with one above `high`, by a stack. */
  function hysteresis({ width: W, height: H, magnitude }, maxima, high) {
    const w = W + 2, state = new Uint8Array(w * (H + 2)), stack = []; // 0 none, 1 weak, 2 edge, in a frame of zeros
    for (let y = 0; y < H; y++)
      for (let x = 0; x < W; x++) {
        const p = y * W + x, m = magnitude[p], q = (y + 1) * w + x + 1;
        if (!maxima[p]) continue;
        state[q] = m > high ? 2 : 1;
        if (m > high) stack.push(q);
      }
    const steps = [-w - 1, -w, -w + 1, -1, 1, w - 1, w, w + 1];
    while (stack.length) {
      const p = stack.pop();
      for (const step of steps)
        if (state[p + step] === 1) state[p + step] = 2, stack.push(p + step);
    }
    const edges = new Uint8Array(W * H);
    for (let y = 0; y < H; y++)
      for (let x = 0; x < W; x++) edges[y * W + x] = state[(y + 1) * w + x + 1] === 2;
    return edges;
  }

  /* Suppression and hysteresis of a gradient; the thresholds are in the units of its norm. */
  function edgesOf(gradient, low, high) {
    if (gradient.norm === "l2") low = low * low, high = high * high;
    const maxima = suppress(gradient, low);
    return { maxima, edges: hysteresis(gradient, maxima, high), high };
  }

  const canny = (image, low, high, norm = "l1") => edgesOf(gradient(image, norm), low, high).edges;

  /* Eq. otsu: the lowest of the thresholds with the largest variance between the classes. */
  function otsu({ data }) {
    const n = new Array(256).fill(0), N = data.length;
    for (const v of data) n[v]++;
    const first = n.findIndex((count) => count > 0);
    let S = 0, best = first, most = -1, w = 0, s = 0;
    n.forEach((count, v) => (S += count * (v - first)));
    n.forEach((count, v) => {
      w += count, s += count * (v - first);
      const between = count && w < N ? (S * w - N * s) ** 2 / (w * (N - w)) : -1;
      if (between > most) most = between, best = v;
    });
    return best;
  }

  function find(parent, i) {
    let root = i;
    while (parent[root] < root) root = parent[root];
    while (parent[i] > root) [parent[i], i] = [root, parent[i]];
    return root;
  }

  /* Eq. union-find: the larger root is hung below the smaller. */
  function union(parent, i, j) {
    const a = find(parent, i), b = find(parent, j);
    parent[Math.max(a, b)] = Math.min(a, b);
    return Math.min(a, b);
  }

  /* Two passes with a union-find forest; above the pixel lie a b c, to its left d. */
  function label(mask, W, H, connectivity = 8) {
    const corners = connectivity === 8, labels = new Int32Array(W * H), parent = [0];
    for (let y = 0; y < H; y++) {
      let d = 0;
      for (let x = 0; x < W; x++) {
        const p = y * W + x, b = y ? labels[p - W] : 0;
        if (!mask[p]) d = 0;
        else if (b) d = corners || !d || d === b ? b : union(parent, b, d);
        else {
          const a = corners && y && x ? labels[p - W - 1] : 0, c = corners && y && x + 1 < W ? labels[p - W + 1] : 0;
          const before = a || d;
          if (c) d = before && before !== c ? union(parent, c, before) : c;
          else if (before) d = before;
          else d = parent.push(parent.length) - 1;
        }
        labels[p] = d;
      }
    }
    let count = 0; // roots become 1, 2, ...; a parent is final before its children ask for it
    for (let i = 1; i < parent.length; i++) parent[i] = parent[i] < i ? parent[parent[i]] : ++count;
    for (let p = 0; p < labels.length; p++) labels[p] = parent[labels[p]];
    return { labels, count };
  }

  /* Eq. region-moments, the first of them: area, box and centroid of every region. */
  function regionStatistics(labels, count, W) {
    const regions = Array.from({ length: count }, () => ({ area: 0, left: W, top: 0, right: -1, bottom: -1, x: 0, y: 0 }));
    labels.forEach((k, p) => {
      if (!k) return;
      const region = regions[k - 1], x = p % W, y = (p - x) / W;
      if (!region.area++) region.top = y;
      region.left = Math.min(region.left, x), region.right = Math.max(region.right, x), region.bottom = y;
      region.x += x, region.y += y;
    });
    for (const region of regions) region.x /= region.area, region.y /= region.area;
    return regions;
  }

  /* Counter-clockwise as seen on the screen, from east: E NE N NW W SW S SE. */
  const DX = [1, 1, 0, -1, -1, -1, 0, 1], DY = [0, -1, -1, -1, 0, 1, 1, 1], EAST = 0, WEST = 4;

  /* Border following by Suzuki and Abe. Points are x, y, x, y, ...; hierarchy has next, previous, child, parent. */
  function findContours(mask, W, H) {
    const w = W + 2, S = new Uint8Array(w * (H + 2)), L = new Int32Array(w * (H + 2)); // in a frame of ground
    for (let y = 0; y < H; y++) S.set(mask.subarray(y * W, (y + 1) * W), (y + 1) * w + 1);
    const step = DX.map((dx, d) => DY[d] * w + dx), walks = [null, null], parent = [0, 0], hole = [true, true];
    let last = 1; // borders are numbered from 2, the frame is 1 and counts as a hole
    for (let p = 1; p < S.length; p++) {
      if (S[p] === S[p - 1]) continue;
      const isHole = S[p] === 0, start = isHole ? p - 1 : p; // a run ends, or starts
      if (L[start] === 0 || (isHole && L[start] > 0)) {
        const n = walks.length;
        hole[n] = isHole;
        parent[n] = hole[last] !== isHole ? last : parent[last];
        walks[n] = follow(S, L, step, w, start, isHole ? EAST : WEST, n);
      }
      last = Math.abs(L[start]);
    }
    return tree(walks, parent);
  }

  /* Follow border n from `start`, whose neighbour in direction d is outside (steps 3.1 to 3.5 of the paper). */
  function follow(S, L, step, w, start, d, n) {
    const outside = d, points = [];
    do d = (d + 7) & 7;
    while (!S[start + step[d]] && d !== outside); // 3.1: clockwise to the first neighbour inside
    const single = d === outside, end = start + step[d];
    for (let here = start; ;) {
      points.push((here % w) - 1, Math.floor(here / w) - 1);
      d++;
      while (!single && !S[here + step[d & 7]]) d++; // 3.3: counter-clockwise to the next neighbour inside
      if (d > EAST + 8 || single) L[here] = -n; // 3.4: east was asked and is outside, so no hole starts here any more
      else if (L[here] === 0) L[here] = n;
      d &= 7;
      const after = here + step[d];
      if (single || (after === start && here === end)) return Int32Array.from(points); // 3.5
      here = after;
      d = (d + 4) & 7; // the direction in which we came from
    }
  }

  /* The walk down the tree, newest of the siblings first; [next, previous, first child, parent], -1 for none. */
  function tree(walks, parent) {
    const children = walks.map(() => []), contours = [], hierarchy = [], place = [];
    for (let n = 2; n < walks.length; n++) children[parent[n]].push(n);
    const todo = children[1].slice();
    while (todo.length) {
      const n = todo.pop();
      place[n] = contours.push(walks[n]) - 1;
      for (const child of children[n]) todo.push(child);
    }
    const at = (n) => place[n] ?? -1;
    for (const siblings of children)
      siblings.forEach((n, k) => {
        const eldest = children[n].at(-1);
        hierarchy[place[n]] = [at(siblings[k - 1]), at(siblings[k + 1]), at(eldest), at(parent[n])];
      });
    return { contours, hierarchy };
  }

  /* Eq. shoelace, and the length of the closed polygon. */
  function measure(points) {
    const n = points.length;
    let twice = 0, length = 0;
    for (let k = 0; k < n; k += 2) {
      const x = points[k], y = points[k + 1], u = points[(k + 2) % n], v = points[(k + 3) % n];
      twice += x * v - u * y, length += Math.hypot(u - x, v - y);
    }
    return { area: Math.abs(twice) / 2, length };
  }

  return { neighbours, correlate, gaussianBlur, sobel, gradient, edgesOf, canny, otsu, label, regionStatistics,
    findContours, measure };
})();
