// Labelling pages: keys, active time, drafts of what is not sent yet, and answers kept until they are sent.
// Every page works without this file.
"use strict";
(() => {
  const { home, person } = document.querySelector("main").dataset;
  const form = document.querySelector("form[data-draft]");
  const status = document.getElementById("status");
  const say = (text) => { if (status) status.textContent = text; };

  // A browser may refuse its storage; then things last as long as the page.
  const storage = (name) => {
    try {
      window[name].setItem("manyminds", "");
      window[name].removeItem("manyminds");
      return window[name];
    } catch {
      const kept = {};
      const hide = (value) => ({ value, enumerable: false });
      return Object.defineProperties(kept, {
        getItem: hide((key) => kept[key] ?? null),
        setItem: hide((key, value) => { kept[key] = value; }),
        removeItem: hide((key) => { delete kept[key]; }),
      });
    }
  };
  const answers = storage("localStorage");
  const drafts = storage("sessionStorage");
  const draftOf = (name) => `manyminds draft ${home} ${person} ${name}`;

  // Answers on their way: one a ticket, in the order in which they were given, until the server has them.
  // On a shared device each person's wait for that person's own pages.
  const prefix = `manyminds unsent ${home} ${person} `;
  const unsent = () => Object.keys(answers).filter((key) => key.startsWith(prefix))
    .map((key) => ({ key, text: answers.getItem(key) })).map((kept) => ({ ...kept, ...JSON.parse(kept.text) }))
    .sort((a, b) => a.at - b.at);
  let sending = false, left = false, delay = 1000, again, said = "";

  // What the study's own server says became of the answer; nothing where something in between replied.
  async function send(answer) {
    const response = await fetch(answer.url, {
      method: "POST",
      body: new URLSearchParams(answer.body),
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(20000),
    });
    return (await response.json().catch(() => null)) || {};
  }

  async function sendAll() {
    if (sending || left) return;
    clearTimeout(again);
    sending = true;
    const refused = new Set();
    const later = (status && status.dataset.unsent) || "";
    let notice = "", lost = false;
    try {
      for (let answer; (answer = unsent().find(({ text }) => !refused.has(text)));) {
        const told = await send(answer);
        if (!told.next && told.final !== true) {
          refused.add(answer.text);
          notice = told.error || later;
          continue;
        }
        if (answers.getItem(answer.key) !== answer.text) continue; // changed meanwhile: that goes next
        answers.removeItem(answer.key);
        const here = form && answer.draft === form.dataset.draft;
        if (told.next) drafts.removeItem(draftOf(answer.draft));
        if (told.next && here) { left = true; said = ""; location.assign(told.next); return; }
        // The server's own page says what is wrong, and keeps what was typed.
        if (told.error && here) { left = true; form.submit(); return; }
        notice = told.error || notice;
      }
    } catch {
      lost = true;
      notice = later;
    } finally {
      sending = false;
    }
    say(notice);
    const waits = lost || refused.size > 0;
    if (waits) again = setTimeout(sendAll, delay);
    delay = waits ? Math.min(delay * 2, 30000) : 1000;
  }
  addEventListener("pageshow", (event) => { if (event.persisted) left = false; });
  addEventListener("online", () => { delay = 1000; sendAll(); });
  sendAll();

  const copy = document.getElementById("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById("code").textContent);
      copy.textContent = copy.dataset.done;
    });
  }
  if (!form) return;

  const field = form.elements;
  const draft = draftOf(form.dataset.draft);
  const task = Boolean(field.active_seconds); // else a form of the steps around the work
  const keys = document.querySelector(".keys");
  if (keys) keys.hidden = false;

  // Seconds during which the page could be seen.
  let before = task ? Number(field.active_seconds.value) : 0, since = document.hidden ? null : performance.now();
  const seconds = () => before + (since === null ? 0 : (performance.now() - since) / 1000);
  document.addEventListener("visibilitychange", () => {
    before = seconds();
    since = document.hidden ? null : performance.now();
    keep();
  });

  // The time left: in quiet text each minute, aloud at five and at one.
  const clock = document.getElementById("left");
  if (clock) {
    const end = Date.now() + clock.dataset.seconds * 1000;
    const tick = () => {
      const minutes = Math.max(0, Math.ceil((end - Date.now()) / 60000));
      const text = clock.dataset.text.replace("#", minutes), over = document.getElementById("over");
      if (clock.textContent !== text) clock.textContent = text;
      const said = `manyminds time ${home} ${person}`, near = [1, 5].find((few) => minutes <= few);
      if (!minutes && !over.textContent) over.textContent = over.dataset.text;
      else if (minutes && near && drafts.getItem(said) !== String(near)) {
        drafts.setItem(said, near);
        document.getElementById("soon").textContent = text;
      } else if (!near) drafts.removeItem(said);
    };
    setTimeout(tick, 1000); // a reader hears what is written after the page has come
    setInterval(tick, 5000);
  }

  // A reload, another language or a look at another page loses nothing that was chosen or typed.
  function keep() {
    if (left) return;
    const chosen = [...new FormData(form)].filter(([name]) => field[name].type !== "hidden");
    drafts.setItem(draft, JSON.stringify({ chosen, seconds: seconds() }));
  }
  const kept = JSON.parse(drafts.getItem(draft));
  if (kept && !("error" in form.dataset)) {
    before = kept.seconds;
    if (kept.chosen.some(([, value]) => value)) putBack(kept.chosen);
  }
  addEventListener("pagehide", keep);

  function putBack(chosen) {
    for (const control of field) {
      const values = chosen.filter(([name]) => name === control.name).map(([, value]) => value);
      if (control.matches("[type=radio], [type=checkbox]")) control.checked = values.includes(control.value);
      else if (control.matches("textarea, select")) control.value = values[0] ?? "";
      const folded = control.closest("details");
      if (folded && values.some(Boolean)) folded.open = true;
    }
  }

  form.addEventListener("input", ({ target }) => {
    const { label, cannot_judge: cannot } = field;
    if (cannot && target === cannot && cannot.checked) for (const radio of label) radio.checked = false;
    if (cannot && target.name === "label") cannot.checked = false;
    keep();
  });

  function sendAnswer() {
    field.active_seconds.value = seconds().toFixed(3);
    // Each change of mind is an answer of its own; sending one again is not.
    const { label, cannot_judge: cannot, comment } = field;
    const says = JSON.stringify([label.value, cannot.checked, comment.value]);
    if (says !== said) field.attempt.value = Number(field.attempt.value) + 1;
    said = says;
    const url = form.getAttribute("action"), body = new URLSearchParams(new FormData(form)).toString();
    answers.setItem(prefix + field.token.value, JSON.stringify({ url, body, draft: form.dataset.draft, at: Date.now() }));
    sendAll();
  }

  // The form of a step stays on its page until the server has it. What is wrong with it the server's own page says.
  let handing = false, anew;
  async function sendStep() {
    if (handing || left) return;
    clearTimeout(anew);
    handing = true;
    try {
      const body = new URLSearchParams(new FormData(form)), signal = AbortSignal.timeout(20000);
      const response = await fetch(form.getAttribute("action"), { method: "POST", body, signal });
      if (!response.ok && response.status !== 400) throw new Error("something in between replied");
      left = true;
      if (!response.redirected) { form.submit(); return; }
      drafts.removeItem(draft);
      location.assign(response.url);
    } catch {
      say(status.dataset.unsent);
      anew = setTimeout(sendStep, 3000);
    } finally {
      handing = false;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (left) return;
    keep();
    if (task) sendAnswer();
    else sendStep();
  });

  if (keys) document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (target.closest("textarea")) return;
    if (key === "Enter" && !target.closest("a, button, summary, input")) {
      event.preventDefault();
      form.requestSubmit();
    }
    const radio = form.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!radio) return;
    radio.checked = true;
    radio.focus();
    radio.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
