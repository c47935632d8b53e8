// The page's own script: links markers to sentences, keeps highlights, asks before removing.
// Gradio renders the HTML (escaped on the server); this only listens and marks.
(() => {
  "use strict";

  const parts = {}; // name → { element, trigger }
  const state = { active: null, live: false, wanted: null, leftOut: null, unseen: null };
  state.opened = new Set(); // turns whose details are open
  state.following = true;

  // Gradio calls this once for every gr.HTML, with the events it may trigger.
  function mount(name, element, trigger, watch) {
    parts[name] = { element, trigger };
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
    open: (button) => openArticle(button.dataset.article, { at: Number(button.dataset.at || 0) }),
    copy: (button) => copy(button),
    rate: (button, part) => rate(button, part),
    rename: (button, part) => rename(button, part),
    remove: (button, part) => remove(button, part),
    again: (button, part) => part.trigger("again", {}),
    edit: (button, part) => { part.trigger("edit", {}); focusQuestion(); },
    suggest: (button, part) => part.trigger("suggest", { question: button.dataset.question }),
    clear: (button, part) => clear(part),
    export: (button, part) => part.trigger("export", { format: button.dataset.format }),
    choose: (button, part) => choose(part, button.dataset.all === "none" ? shelf() : []),
  };

  function clicked(name, event) {
    const button = event.target.closest("button[data-do]");
    if (button) {
      actions[button.dataset.do]?.(button, parts[name]);
      return;
    }
    const turn = event.target.closest(".turn");
    if (turn && event.target.closest("summary")) noteDetails(turn, event.target);
    else if (turn && !event.target.closest("a, input")) select(turn);
  }

  function changed(name, event) {
    if (!event.target.closest("input[data-do=choose]")) return;
    choose(parts[name], boxes().filter((box) => !box.checked).map((box) => box.dataset.article));
  }

  // The library's ticks. A box that was clicked does not follow its attribute any more, and a
  // click while another is on its way must not be undone by the answer to that one: until the
  // server says what the reader wants, the reader's word holds.

  const boxes = () => $$("#library input[data-do=choose]");
  const shelf = () => boxes().map((box) => box.dataset.article);
  const saidOut = () =>
    boxes().filter((box) => !box.hasAttribute("checked")).map((box) => box.dataset.article);

  function choose(part, out) {
    state.leftOut = out;
    tick();
    part.trigger("choose", {});
  }

  function tick() {
    const out = state.leftOut || saidOut();
    for (const box of boxes()) box.checked = !out.includes(box.dataset.article);
  }

  function heard() {
    const here = shelf();
    const wish = (state.leftOut || []).filter((article) => here.includes(article));
    if (String(wish.sort()) === String(saidOut().sort())) state.leftOut = null;
    tick();
  }

  // Gradio asks this when it sends a choice.
  const leftOut = () => state.leftOut || saidOut();

  function rendered(name) {
    keepFocus(name);
    if (name === "log" || name === "live") newest(name);
    if (name === "article") {
      beginAtTheTop();
      markCurrent();
      applyMarks(false);
      if (state.wanted && state.wanted.article === sentArticle()) showSentence(state.wanted, true);
    }
    if (name === "library") {
      markCurrent();
      heard();
    }
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

  // Answers: one that has just been asked takes charge of the highlights, until the reader
  // chooses another. What follows of it, a rating or a redraw, changes neither choice nor place.

  const turns = () => $$("#log .turn, #live .turn");
  const activeTurn = () => turns().find((turn) => turn.dataset.turn === state.active) || null;

  function newest(name) {
    const live = $("#live .turn");
    const last = turns().pop() || null;
    const begun = live && !state.live;
    const before = state.active;
    state.live = Boolean(live);
    if (begun) state.opened.delete(live.dataset.turn);
    if (begun || !activeTurn()) {
      state.active = last ? last.dataset.turn : null;
      state.following = true;
    }
    keepDetails();
    const marks = activeTurn()?.dataset.marks || "[]";
    if (state.active !== before || state.shownMarks !== marks) applyMarks(true);
    if (begun || (state.following && (name === "live" || turns().length !== state.count))) {
      scrollChat();
    }
    state.count = turns().length;
    markSelected();
  }

  function select(turn, scroll = true) {
    if (state.active === turn.dataset.turn) return;
    state.active = turn.dataset.turn;
    applyMarks(scroll);
    markSelected();
  }

  function markSelected() {
    const active = activeTurn();
    for (const turn of turns()) turn.classList.toggle("selected", turn === active);
  }

  function scrollChat() {
    const box = $("#conversation");
    if (box) box.scrollTop = box.scrollHeight;
  }

  // Whoever scrolls up to read stays there; at the end one follows what is being written.
  document.addEventListener("scroll", ({ target: box }) => {
    if (box.id !== "conversation") return;
    state.following = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  }, true);

  // Whoever goes through the answers by keyboard gets their highlights. A click is no such way:
  // it chooses by itself what is shown.
  document.addEventListener("focusin", ({ target }) => {
    const turn = target.closest?.(".turn");
    if (turn && target.matches(":focus-visible")) select(turn);
  });

  // Gradio draws by setting attributes, and has no "open" among them.

  function noteDetails(turn, summary) {
    const open = !summary.closest("details").open; // it opens or closes after this click
    if (open) state.opened.add(turn.dataset.turn);
    else state.opened.delete(turn.dataset.turn);
  }

  function keepDetails() {
    for (const turn of $$("#log .turn")) {
      const details = $("details", turn);
      if (details) details.open = state.opened.has(turn.dataset.turn);
    }
  }

  // The article: its sentences carry their offsets, marks name ranges of them.

  const shownArticle = () => $("#article .article")?.dataset.article;
  const sentArticle = () => $("#article .article, #article .gone")?.dataset.article;

  function beginAtTheTop() {
    if (state.article !== sentArticle()) inArticle("top");
    state.article = sentArticle();
  }

  // A pane that is hidden cannot be scrolled: what it should begin with waits until it is shown.
  function inArticle(place) {
    const box = $("#article-pane");
    state.unseen = box?.getClientRects().length ? null : place;
    if (!box || state.unseen) return;
    if (place === "top") box.scrollTop = 0;
    else if (!visible(place)) bring(place);
  }

  function sentences(start, end) {
    return $$("#article .s").filter((s) => +s.dataset.s < end && +s.dataset.e > start);
  }

  function applyMarks(scroll) {
    for (const s of $$("#article .s.found, #article .s.cited")) {
      s.classList.remove("found", "cited");
      delete s.dataset.n;
    }
    state.shownMarks = activeTurn()?.dataset.marks || "[]";
    const marks = JSON.parse(state.shownMarks);
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
    if (!marks.length) return;
    // In a pane that nobody has seen yet, the evidence is what it begins with.
    if (first && (scroll || state.unseen)) inArticle(first);
    else if (scroll && !here.length) bringAlong(marks[0]);
  }

  function visible(element) {
    const outer = element.closest("#article-pane").getBoundingClientRect();
    const inner = element.getBoundingClientRect();
    return inner.top >= outer.top && inner.bottom <= outer.bottom;
  }

  function bring(element) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }

  function openArticle(article, { at }) {
    parts.article.trigger("open", { article, at });
    if (narrow()) pane("article");
  }

  // The article of an answer that is chosen, not of a button: nothing where it was removed.
  function bringAlong([article, at]) {
    parts.article.trigger("open", { article, at, along: true });
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

  // ``sent``: the article has just been sent for this, and is not asked for again.
  function showSentence({ article, start, end }, sent = false) {
    state.wanted = null;
    tab("Chat");
    if (narrow()) pane("article");
    const found = article === shownArticle() ? sentences(+start, +end) : [];
    if (!found.length) {
      if (sent) return;
      state.wanted = { article, start, end };
      parts.article.trigger("open", { article, at: +start });
      return;
    }
    state.unseen = null;
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

  // Inside the chat, and clear of what one is about to read or press: below the marker, else
  // above the sentence, which is being compared with the quote.
  function placeTip(button) {
    const room = (button.closest("#chat-pane") || document.body).getBoundingClientRect();
    tip.style.maxWidth = `${Math.min(420, room.width - 16)}px`;
    const at = button.getBoundingClientRect();
    const box = tip.getBoundingClientRect();
    const sentence = (button.closest(".words p > span") || button).getBoundingClientRect();
    const next = $(".outcome", button.closest(".turn") || document)?.getBoundingClientRect();
    const below = at.bottom + 8;
    const above = sentence.top - box.height - 8;
    const floor = Math.min(room.bottom, next?.top ?? room.bottom);
    const top = below + box.height <= floor || above < room.top ? below : above;
    const left = Math.max(room.left + 8, Math.min(at.left, room.right - box.width - 8));
    tip.style.left = `${left}px`;
    tip.style.top = `${Math.min(top, room.bottom - box.height - 8)}px`;
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
    const asked = rating === "good" ? "What was helpful?" : "What is wrong?";
    const comment = await dialogue({
      title: button.textContent,
      text: `${asked} It is kept on this computer, with the answer.`,
      field: { label: "Your words (optional)", max: 2000, long: true }, ok: "Keep",
    });
    if (comment === null) return;
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
    if (name === "article" && state.unseen) {
      const place = state.unseen;
      inArticle(place === "top" || place.isConnected ? place : "top");
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

  window.articlePage = { mount, leftOut };
})();
