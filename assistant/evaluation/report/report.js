"use strict";
(() => {
  const articles = JSON.parse(document.getElementById("articles").textContent);
  const cards = [...document.querySelectorAll(".card")];
  const chips = [...document.querySelectorAll(".chips button")];
  const kind = document.getElementById("kind");
  const search = document.getElementById("search");
  const haystacks = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));

  const filter = () => {
    const outcomes = chips
      .filter((chip) => chip.getAttribute("aria-pressed") === "true")
      .map((chip) => chip.dataset.outcome);
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      card.hidden = !(
        outcomes.includes(card.dataset.outcome) &&
        (!kind.value || card.dataset.kind === kind.value) &&
        wanted.every((word) => haystacks.get(card).includes(word))
      );
      shown += card.hidden ? 0 : 1;
    }
    document.getElementById("count").textContent = `${shown} of ${cards.length}`;
    document.getElementById("none").hidden = shown > 0;
  };
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  }
  kind.addEventListener("change", filter);
  search.addEventListener("input", filter);
  filter();

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  // The article is untrusted: it only ever becomes text nodes.
  const marked = (text, marks) => {
    const spans = marks.flatMap(([quote, kindOfMark]) => {
      const start = text.indexOf(quote);
      return start < 0 ? [] : [[start, start + quote.length, kindOfMark]];
    });
    const edges = [...new Set([0, text.length, ...spans.flatMap(([start, end]) => [start, end])])];
    edges.sort((first, second) => first - second);
    const pane = element("div", "text");
    pane.tabIndex = 0;
    for (let place = 0; place + 1 < edges.length; place += 1) {
      const [start, end] = [edges[place], edges[place + 1]];
      const kinds = new Set(spans.filter((span) => span[0] <= start && end <= span[1]).map((span) => span[2]));
      const piece = text.slice(start, end);
      if (kinds.size === 0) pane.append(piece);
      else pane.append(element("mark", kinds.size > 1 ? "both" : [...kinds][0], piece));
    }
    return pane;
  };

  const show = (source, name) => {
    const scope = JSON.parse(source.dataset.scope);
    const marks = JSON.parse(source.dataset.marks).filter((mark) => mark[0] === name);
    const article = articles[name];
    source.replaceChildren();
    if (scope.length > 1) {
      const tabs = element("div", "tabs");
      for (const other of scope) {
        const tab = element("button", "", (articles[other]?.title || other).slice(0, 40));
        tab.type = "button";
        tab.setAttribute("aria-pressed", String(other === name));
        tab.addEventListener("click", () => show(source, other));
        tabs.append(tab);
      }
      source.append(tabs);
    }
    if (!article) return;
    source.append(element("h3", "", article.title || name));
    const key = element("p", "key");
    key.append(element("span", "gold", "gold"), element("span", "cited", "cited"), element("span", "both", "both"));
    source.append(key);
    const pane = marked(article.text, marks.map((mark) => [mark[1], mark[2]]));
    source.append(pane);
    const first = pane.querySelector("mark");
    if (first) pane.scrollTop = first.offsetTop - pane.offsetTop - 60;
  };
  for (const card of cards) {
    card.addEventListener("toggle", () => {
      const source = card.querySelector(".source");
      if (card.open && !source.hasChildNodes()) show(source, JSON.parse(source.dataset.scope)[0]);
    });
  }

  const root = document.documentElement;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
})();
