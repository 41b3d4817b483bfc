// What the tests ask of a page, in the page itself.
window.inspect = {
  // Blocks of the article that are wider than their frame: [element, its width, its frame's].
  cut() {
    const blocks = document.querySelectorAll("article pre, article pre > code, article table, article svg, article img, article p, article li, article h1, article h2, article h3");
    const right = document.documentElement.clientWidth;
    const slack = (block) => (block.matches("p, li") ? 8 : 1); // the padding of code at the end of a line
    return [...blocks]
      .filter((block) => block.offsetParent !== null || block.tagName === "svg")
      .filter((block) => block.scrollWidth > block.clientWidth + slack(block) && block.clientWidth || block.getBoundingClientRect().right > right + 1)
      .map((block) => `${block.tagName} ${block.scrollWidth} in ${block.clientWidth}: ${block.textContent.trim().slice(0, 60)}`);
  },

  // What widens the page; a block may scroll inside a frame of its own.
  unframed() {
    const right = document.documentElement.clientWidth;
    const wider = document.documentElement.scrollWidth - right;
    const framed = (block) => {
      for (let at = block; at && at !== document.body; at = at.parentElement) {
        if (["auto", "scroll"].includes(getComputedStyle(at).overflowX) && at.getBoundingClientRect().right <= right + 1) return true;
      }
      return false;
    };
    const blocks = [...document.querySelectorAll("article *")]
      .filter((block) => block.getBoundingClientRect().width && block.getBoundingClientRect().right > right + 1 && !framed(block))
      .filter((block) => getComputedStyle(block).position !== "absolute")
      .map((block) => `${block.tagName}: ${block.textContent.trim().slice(0, 60)}`);
    return wider > 0 ? [`the page, by ${wider} pixels`, ...blocks] : blocks;
  },

  links() {
    return [...document.querySelectorAll("a[href]")].map((link) => [link.href, link.textContent.trim()]);
  },

  ids() {
    return [...document.querySelectorAll("[id]")].map((element) => element.id);
  },

  headings() {
    return [...document.querySelectorAll("article h1, article h2, article h3, article h4, article h5, article h6")].map((heading) => Number(heading.tagName[1]));
  },

  // Pictures and controls without a name.
  nameless() {
    const named = (element) =>
      element.getAttribute("alt") || element.getAttribute("aria-label") || element.getAttribute("title") ||
      element.querySelector(":scope > title") || element.closest("label")?.textContent.trim() ||
      (element.id && document.querySelector(`label[for="${element.id}"]`)?.textContent.trim());
    return [...document.querySelectorAll("article img, article svg, article input, article select")]
      .filter((element) => element.offsetParent !== null || element.tagName === "svg")
      .filter((element) => !named(element))
      .map((element) => element.outerHTML.slice(0, 80));
  },

  // Words of pictures that leave the picture, or the box around their middle.
  spilled() {
    const found = [];
    for (const picture of document.querySelectorAll("svg.picture")) {
      const boxes = [...picture.querySelectorAll("rect")].map((rect) => rect.getBBox());
      for (const text of picture.querySelectorAll("text")) {
        const word = text.getBBox();
        const [x, y] = [word.x + word.width / 2, word.y + word.height / 2];
        const around = boxes.filter((box) => box.x <= x && x <= box.x + box.width && box.y <= y && y <= box.y + box.height);
        const frame = around.sort((a, b) => a.width - b.width)[0] || picture.viewBox.baseVal;
        if (word.x < frame.x || word.x + word.width > frame.x + frame.width) found.push(text.textContent);
      }
    }
    return found;
  },

  // Words with less contrast than WCAG 2.2, 1.4.3, asks for.
  faint() {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
    };
    const over = ([r, g, b, a], below) => [r, g, b].map((part, i) => part * a + below[i] * (1 - a));
    const behind = (element) => {
      const stack = [];
      for (let at = element; at; at = at.parentElement) stack.push(rgba(getComputedStyle(at).backgroundColor));
      return stack.reverse().reduce((below, color) => over(color, below), [1, 1, 1]);
    };
    const light = (color) => {
      const [r, g, b] = color.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = new Set();
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
      const element = words.currentNode.parentElement;
      if (!words.currentNode.textContent.trim() || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      if (element.closest("svg, script, style, .headerlink, [hidden]") || !element.getClientRects().length) continue;
      const style = getComputedStyle(element);
      const below = behind(element);
      const [a, b] = [light(over(rgba(style.color), below)), light(below)].sort((x, y) => y - x);
      const size = parseFloat(style.fontSize);
      const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < needed) found.add(`${ratio.toFixed(2)} .${element.className || element.tagName}: ${words.currentNode.textContent.trim().slice(0, 40)}`);
    }
    return [...found];
  },
};
