// Measures every visible text of a page where it is drawn; returns what is cut, outside the view, or over another text.
// An option is cut if its field is too narrow for it although its form or card is not.
(direction) => {
  document.documentElement.dir = direction;
  const SLACK = 1.5; // pixels: fonts are drawn a little outside their boxes
  const SCROLLS = '[role="region"][tabindex], textarea, select'; // these are meant to be scrolled
  const TOLD_ONLY = ".hidden, .skip, thead, [popover], option"; // read aloud, or shown on request
  const width = document.documentElement.clientWidth;
  const faults = new Set();
  const CROSS = 20; // pixels, for what empties a search
  const MARKUP = /<\/?[a-z]+[ >]/; // an element that is printed as text
  const boxes = [];
  const frames = new Map();

  const shown = (text) => JSON.stringify(text.trim().replace(/\s+/g, " ").slice(0, 60));
  const name = (node) => `${shown(node.data)} in ${node.parentElement.tagName.toLowerCase()}.${node.parentElement.className}`;

  function isDrawn(node) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return false;
    const told = element.closest(TOLD_ONLY);
    return !told || (told.tagName === "THEAD" && getComputedStyle(told).position !== "absolute");
  }

  // The elements that cut off what is beyond them: an element and its ancestors, without the body.
  function framesOf(element) {
    if (!element || element === document.body) return [];
    if (!frames.has(element)) {
      const style = getComputedStyle(element);
      const cuts = style.display !== "inline" && (style.overflowX !== "visible" || style.overflowY !== "visible");
      frames.set(element, [...(cuts ? [element] : []), ...framesOf(element.parentElement)]);
    }
    return frames.get(element);
  }

  // The part of a rectangle that can be seen; what is cut off is a fault, unless it can be scrolled to.
  function visiblePart(rect, node) {
    const seen = { left: rect.left, right: rect.right, top: rect.top, bottom: rect.bottom };
    for (const each of framesOf(node.parentElement)) {
      const frame = each.getBoundingClientRect();
      const isCut = rect.left < frame.left - SLACK || rect.right > frame.right + SLACK
        || rect.top < frame.top - SLACK || rect.bottom > frame.bottom + SLACK;
      if (isCut && !each.matches(SCROLLS)) faults.add(`cut: ${name(node)}`);
      seen.left = Math.max(seen.left, frame.left); seen.right = Math.min(seen.right, frame.right);
      seen.top = Math.max(seen.top, frame.top); seen.bottom = Math.min(seen.bottom, frame.bottom);
    }
    return seen;
  }

  // A number may break after a separator, and nowhere else. What stands on one line breaks nowhere.
  function breaksInside(node, rects) {
    const tops = rects.map((rect) => rect.top);
    if (Math.max(...tops) <= Math.min(...tops) + 4) return false;
    const range = document.createRange();
    let line = null;
    for (let at = 0; at < node.data.length; at++) {
      range.setStart(node, at); range.setEnd(node, at + 1);
      const rect = range.getClientRects()[0];
      if (!rect || !rect.width) continue;
      if (line !== null && rect.top > line + 4 && /\d/.test(node.data[at]) && /\d/.test(node.data[at - 1])) return true;
      line = rect.top;
    }
    return false;
  }

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!isDrawn(node)) continue;
    if (MARKUP.test(node.data)) faults.add(`markup: ${name(node)}`);
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()];
    for (const rect of rects) {
      if (rect.width < 1 || rect.height < 1) continue;
      const seen = visiblePart(rect, node);
      if (seen.right - seen.left < 1 || seen.bottom - seen.top < 1) continue;
      if (seen.left < -SLACK || seen.right > width + SLACK) faults.add(`outside: ${name(node)}`);
      boxes.push({ node, ...seen });
    }
    if (node.parentElement.closest("bdi") && breaksInside(node, rects)) faults.add(`broken number: ${name(node)}`);
  }

  // Texts of one paragraph follow each other; only lines that share most of their height can cover each other.
  boxes.sort((one, other) => one.top - other.top);
  for (let first = 0; first < boxes.length; first++) {
    const one = boxes[first];
    for (let next = first + 1; next < boxes.length && boxes[next].top < one.bottom; next++) {
      const other = boxes[next];
      if (one.node === other.node) continue;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - other.top;
      const least = Math.min(one.bottom - one.top, other.bottom - other.top);
      if (across > SLACK && down > least * 0.35) faults.add(`overlap: ${name(one.node)} and ${name(other.node)}`);
    }
  }

  // How wide an element would be with one text in it, and nothing else that limits it.
  function widthOf(element, text) {
    const clone = element.matches("select") ? element.cloneNode() : document.createElement("span");
    clone.append(element.matches("select") ? new Option(text) : text);
    Object.assign(clone.style, { position: "absolute", width: "max-content", whiteSpace: "nowrap", font: getComputedStyle(element).font });
    element.after(clone);
    const wide = clone.getBoundingClientRect().width;
    clone.remove();
    return wide;
  }

  const contentOf = (element) => {
    const style = getComputedStyle(element);
    return element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  };

  for (const field of document.querySelectorAll("select, input:placeholder-shown")) {
    if (!field.checkVisibility()) continue;
    const isSelect = field.matches("select");
    const texts = isSelect ? [...field.options].map((each) => each.label) : [field.placeholder];
    const has = isSelect ? field.getBoundingClientRect().width : contentOf(field) - (field.type === "search" ? CROSS : 0);
    const room = contentOf(field.closest("form, .card") ?? document.body);
    for (const text of texts) {
      const needs = widthOf(field, text);
      if (needs > has + SLACK && !(isSelect && needs > room)) faults.add(`cut ${isSelect ? "option" : "placeholder"}: ${shown(text)} in #${field.id}`);
    }
  }

  for (const each of document.querySelectorAll("[aria-label], [title], [alt]")) {
    const said = [each.ariaLabel, each.title, each.alt].find((text) => MARKUP.test(text ?? ""));
    if (said) faults.add(`markup: ${shown(said)} in ${each.tagName.toLowerCase()}.${each.className}`);
  }

  for (const each of document.querySelectorAll("body *")) {
    const style = getComputedStyle(each);
    if (/auto|scroll/.test(style.overflowX) && each.scrollWidth > each.clientWidth + 1 && !each.matches(SCROLLS)) {
      faults.add(`scrolls: ${each.tagName.toLowerCase()}.${each.className}`);
    }
  }
  if (document.documentElement.scrollWidth > width) faults.add(`page: ${document.documentElement.scrollWidth} wide`);
  return [...faults];
}
