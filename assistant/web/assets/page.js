// The page's own script: links markers to sentences, keeps highlights, asks before removing.
// Gradio renders the HTML (escaped on the server); this only listens and marks.
(() => {
  "use strict";

  const parts = {}; // name → { element, trigger }
  const state = { active: null, wanted: null };

  // Gradio calls this once for every gr.HTML, with the events it may trigger.
  function mount(name, element, trigger, watch, events) {
    parts[name] = { element, trigger, events };
    element.addEventListener("click", (event) => clicked(name, event));
    element.addEventListener("change", (event) => changed(name, event));
    watch("value", () => rendered(name));
    readable();
    rendered(name);
  }

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const narrow = () => window.matchMedia("(max-width: 820px)").matches;

  // What each button does. Those not listed go to Python under their own name.
  const actions = {
    show: (button) => showFrom(button),
    open: (button) => openArticle(button.dataset.article, button.dataset.at),
    copy: (button) => copy(button),
    rate: (button, part) => rate(button, part),
    rename: (button, part) => rename(button, part),
    remove: (button, part) => remove(button, part),
    again: (button, part) => part.trigger("again", {}),
    edit: (button, part) => { part.trigger("edit", {}); focusQuestion(); },
    suggest: (button, part) => part.trigger("suggest", { question: button.dataset.question }),
    clear: (button, part) => clear(part),
    export: (button, part) => part.trigger("export", { format: button.dataset.format }),
    choose: (button, part) => part.trigger("choose", { all: button.dataset.all }),
  };

  function clicked(name, event) {
    const button = event.target.closest("button[data-do]");
    if (button) {
      actions[button.dataset.do]?.(button, parts[name]);
      return;
    }
    const turn = event.target.closest(".turn");
    if (turn && !event.target.closest("a, summary, input")) select(turn);
  }

  function changed(name, event) {
    const box = event.target.closest("input[data-do=choose]");
    if (box) {
      parts[name].trigger("choose", { article: box.dataset.article, checked: box.checked });
    }
  }

  function rendered(name) {
    keepFocus(name);
    if (name === "log" || name === "live") newest(name);
    if (name === "article") {
      beginAtTheTop();
      markCurrent();
      applyMarks(false);
      if (state.wanted) showSentence(state.wanted);
    }
    if (name === "library") markCurrent();
    if (name === "added") $("#added li:last-child")?.scrollIntoView({ block: "nearest" });
    if (name === "download" || name === "feedback") save(parts[name].element);
    if (name === "evaluation") offerReport(parts[name].element);
  }

  // What is rendered anew loses the focus; whoever uses the keyboard stays where they were.

  document.addEventListener("focusin", ({ target }) => {
    const name = Object.keys(parts).find((one) => parts[one].element.contains(target));
    const data = ["do", "turn", "rating", "article", "start", "format", "all"]
      .filter((key) => key in target.dataset)
      .map((key) => `[data-${key}="${CSS.escape(target.dataset[key])}"]`);
    state.focused = name && data.length ? { name, selector: data.join("") } : null;
  });

  function keepFocus(name) {
    if (state.focused?.name !== name || document.activeElement !== document.body) return;
    $(state.focused.selector, parts[name].element)?.focus({ preventScroll: true });
  }

  // Answers: the newest one is in charge of the highlights until another is chosen.

  function newest(name) {
    const turns = $$("#log .turn, #live .turn");
    const last = turns[turns.length - 1] || null;
    const marks = last ? last.dataset.marks : "[]";
    if (name === "live" || !state.active || !state.active.isConnected || last !== state.active) {
      if (state.shownMarks !== marks || state.active !== last) {
        state.active = last;
        applyMarks(true);
      }
    }
    if (name === "live" || turns.length !== state.count) scrollChat();
    state.count = turns.length;
    markSelected();
  }

  function select(turn, scroll = true) {
    if (state.active === turn) return;
    state.active = turn;
    applyMarks(scroll);
    markSelected();
  }

  function markSelected() {
    for (const turn of $$(".turn")) turn.classList.toggle("selected", turn === state.active);
  }

  function scrollChat() {
    const box = $("#conversation");
    if (box) box.scrollTop = box.scrollHeight;
  }

  // The article: its sentences carry their offsets, marks name ranges of them.

  const shownArticle = () => $("#article .article")?.dataset.article;

  function beginAtTheTop() {
    const box = $("#article-pane");
    if (box && state.article !== shownArticle()) box.scrollTop = 0;
    state.article = shownArticle();
  }

  function sentences(start, end) {
    return $$("#article .s").filter((s) => +s.dataset.s < end && +s.dataset.e > start);
  }

  function applyMarks(scroll) {
    for (const s of $$("#article .s.found, #article .s.cited")) {
      s.classList.remove("found", "cited");
      delete s.dataset.n;
    }
    const raw = state.active ? state.active.dataset.marks : "[]";
    state.shownMarks = raw;
    const marks = JSON.parse(raw || "[]");
    const here = marks.filter(([article]) => article === shownArticle());
    let first = null;
    for (const [, start, end, kind, number] of here) {
      const found = sentences(start, end);
      for (const s of found) s.classList.add(kind);
      if (kind === "cited" && found.length) {
        const last = found[found.length - 1];
        last.dataset.n = last.dataset.n ? `${last.dataset.n}, ${number}` : number;
      }
      first ??= found[0]; // marks come best first
    }
    if (!scroll || !marks.length) return;
    if (!here.length) openArticle(marks[0][0], marks[0][1]);
    else if (first && !visible(first)) bring(first);
  }

  function visible(element) {
    const box = element.closest(".pane-scroll, #article-pane");
    const outer = box.getBoundingClientRect();
    const inner = element.getBoundingClientRect();
    return inner.top >= outer.top && inner.bottom <= outer.bottom;
  }

  function bring(element) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }

  function openArticle(article, at) {
    parts.article.trigger("open", { article, at: Number(at || 0) });
    if (narrow() && !state.active) pane("article");
  }

  // A marker or passage: its answer takes charge of the highlights, and Escape leads back to it.
  function showFrom(button) {
    const turn = button.closest(".turn");
    if (turn) select(turn, false);
    state.back = button;
    showSentence(button.dataset);
  }

  function goBack() {
    if (!state.back?.isConnected || !document.activeElement?.matches("#article .s")) return;
    const from = state.back.closest("[role=tabpanel]")?.id;
    const button = from && $(`#tabs button[aria-controls="${CSS.escape(from)}"]`);
    if (button && button.getAttribute("aria-selected") !== "true") button.click();
    if (narrow()) pane("chat");
    state.back.focus();
  }

  function showSentence({ article, start, end }) {
    state.wanted = null;
    tab("Chat");
    if (narrow()) pane("article");
    const found = article === shownArticle() ? sentences(+start, +end) : [];
    if (!found.length) {
      if (state.asked === `${article}:${start}`) { state.asked = null; return; }
      state.asked = `${article}:${start}`;
      state.wanted = { article, start, end };
      parts.article.trigger("open", { article, at: +start });
      return;
    }
    state.asked = null;
    hideTip();
    bring(found[0]);
    for (const s of $$("#article .s[aria-current]")) s.removeAttribute("aria-current");
    for (const s of found) {
      s.setAttribute("aria-current", "location");
      s.classList.remove("flash");
      void s.offsetWidth; // restarts the animation
      s.classList.add("flash");
      s.addEventListener("animationend", () => s.classList.remove("flash"), { once: true });
    }
    found[0].tabIndex = -1;
    found[0].focus({ preventScroll: true });
  }

  function markCurrent() {
    const current = shownArticle();
    for (const button of $$("#library button.open")) {
      if (button.dataset.article === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  // Hover and focus on a marker: the quote and where it is from.

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;

  function showTip(button) {
    tip.replaceChildren();
    const words = document.createElement("p");
    words.textContent = button.dataset.tip;
    tip.append(words);
    for (const told of [button.dataset.source, button.dataset.place]) {
      if (!told) continue;
      const line = document.createElement("cite");
      line.textContent = told;
      tip.append(line);
    }
    tip.hidden = false;
    state.tipped = button;
    placeTip(button);
  }

  function placeTip(button) {
    const at = button.getBoundingClientRect();
    const box = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left, window.innerWidth - box.width - 8));
    const below = at.bottom + 8; // above it are the words that are being read
    const fits = below + box.height < window.innerHeight - 8;
    tip.style.left = `${left}px`;
    tip.style.top = `${fits ? below : at.top - box.height - 8}px`;
  }

  function hideTip() {
    tip.hidden = true;
  }

  for (const kind of ["mouseover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const button = event.target.closest?.("[data-tip]");
      if (button) showTip(button);
      else hideTip();
    });
  }
  // Focus scrolls a marker into view; the quote goes along instead of vanishing.
  document.addEventListener("scroll", () => {
    if (tip.hidden) return;
    if (state.tipped.isConnected && state.tipped.matches(":hover, :focus")) placeTip(state.tipped);
    else hideTip();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (tip.hidden) goBack();
    else hideTip();
  });

  // Dialogues: rename, remove, and a word with a rating.

  function dialogue({ title, text, field, value, ok, danger }) {
    return new Promise((resolve) => {
      const box = document.createElement("dialog");
      box.className = "ask-dialog";
      const form = document.createElement("form");
      form.method = "dialog";
      const head = document.createElement("h2");
      head.textContent = title;
      head.id = "dialog-title";
      box.setAttribute("aria-labelledby", head.id);
      form.append(head);
      if (text) {
        const p = document.createElement("p");
        p.textContent = text;
        form.append(p);
      }
      let input = null;
      if (field) {
        const label = document.createElement("label");
        label.textContent = field.label;
        input = document.createElement(field.long ? "textarea" : "input");
        input.maxLength = field.max;
        input.value = value || "";
        label.append(input);
        form.append(label);
      }
      const row = document.createElement("div");
      row.className = "row";
      const no = document.createElement("button");
      no.textContent = "Cancel";
      no.value = "no";
      no.formNoValidate = true;
      const yes = document.createElement("button");
      yes.textContent = ok;
      yes.value = "yes";
      yes.className = danger ? "danger" : "primary";
      row.append(no, yes);
      form.append(row);
      box.append(form);
      document.body.append(box);
      box.addEventListener("close", () => {
        const given = box.returnValue === "yes" ? (input ? input.value : true) : null;
        box.remove();
        resolve(given);
      });
      // Enter in a one-line field confirms, as people expect.
      if (input && !field.long) {
        input.addEventListener("keydown", (event) => {
          if (event.key === "Enter") { event.preventDefault(); box.close("yes"); }
        });
      }
      box.showModal();
      (input || no).focus();
      if (input && !field.long) input.select();
    });
  }

  async function rename(button, part) {
    const { article, title } = button.dataset;
    const given = await dialogue({
      title: "Rename the article", field: { label: "Title", max: 300 }, value: title, ok: "Rename",
    });
    if (given && given.trim() && given !== title) part.trigger("rename", { article, title: given });
  }

  async function remove(button, part) {
    const { article, title } = button.dataset;
    const sure = await dialogue({
      title: "Remove this article?",
      text: `“${title}” leaves the library. Answers that quote it keep their quotes.`,
      ok: "Remove", danger: true,
    });
    if (sure) part.trigger("remove", { article });
  }

  async function clear(part) {
    const sure = await dialogue({
      title: "Begin a new conversation?",
      text: "This one leaves the page. Save it first if you want to keep it.",
      ok: "Begin anew", danger: true,
    });
    if (sure) part.trigger("clear", {});
  }

  async function rate(button, part) {
    const { turn, rating } = button.dataset;
    let comment = "";
    if (rating !== "good") {
      comment = await dialogue({
        title: button.textContent,
        text: "What is wrong? It is kept on this computer, with the answer.",
        field: { label: "Your words (optional)", max: 2000, long: true }, ok: "Keep",
      });
      if (comment === null) return;
    }
    part.trigger("rate", { turn: Number(turn), rating, comment });
  }

  async function copy(button) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed here";
    }
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  function focusQuestion() {
    setTimeout(() => $("#question textarea")?.focus(), 150);
  }

  function save(element) {
    const file = $("[data-name]", element);
    if (!file) return;
    const { name, kind, text } = file.dataset;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: kind }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // The report is a page of its own. It opens from memory, so that no route has to serve it.
  function offerReport(element) {
    const link = $("[data-report]", element);
    if (!link || link.dataset.ready) return;
    link.href = URL.createObjectURL(new Blob([link.dataset.report], { type: "text/html" }));
    link.dataset.ready = "yes";
  }

  // Narrow screens show one pane at a time.

  function tab(name) {
    const button = $$("#tabs button[role=tab]").find((b) => b.textContent.trim() === name);
    if (button && button.getAttribute("aria-selected") !== "true") button.click();
  }

  function pane(name) {
    document.body.dataset.pane = name;
    for (const button of $$("#panes button")) {
      button.setAttribute("aria-pressed", String(button.dataset.pane === name));
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#panes button");
    if (button) pane(button.dataset.pane);
  });

  function begin() {
    document.body.append(tip);
    const bar = document.createElement("nav");
    bar.id = "panes";
    bar.setAttribute("aria-label", "Panes");
    for (const [name, label] of [["chat", "Chat"], ["article", "Article"], ["library", "Library"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.pane = name;
      button.textContent = label;
      bar.append(button);
    }
    document.body.append(bar);
    pane("chat");
    readable();
  }

  // What scrolls has to be reachable by keyboard. Gradio's columns take no attributes.
  function readable() {
    for (const [id, label] of [["article-pane", "Article"], ["conversation", "Conversation"]]) {
      const box = document.getElementById(id);
      if (!box) return;
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", label);
    }
  }

  // Gradio may add this script before the body is there, or long after.
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);

  window.articlePage = { mount };
})();
