// The chat page: shows what was said, sends what is written until it has arrived, fetches the answers.
"use strict";
(() => {
  const KEY = "khetdoot.chat";
  const KEEP = 80;
  const TYPING_MS = 90000;
  const byId = (id) => document.getElementById(id);
  const list = byId("messages"), text = byId("text"), typing = byId("typing"), offline = byId("offline");
  const words = document.body.dataset;
  const sleep = (ms, wake) => new Promise((done) => { const timer = setTimeout(done, ms); if (wake) wake(() => { clearTimeout(timer); done(); }); });

  // What is kept over a reload. `after` is the number of the last answer; entries of `said` without a tick are sent again.
  let kept = { after: 0, said: [] };
  try { kept = Object.assign(kept, JSON.parse(localStorage.getItem(KEY))); } catch { /* none, or storage is off */ }
  const keep = () => {
    kept.said = kept.said.slice(-KEEP);
    try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* private window: the page forgets */ }
  };

  const element = (tag, className, content) => {
    const made = document.createElement(tag);
    made.className = className;
    if (content !== undefined) made.textContent = content;
    return made;
  };
  const toEnd = () => { list.scrollTop = list.scrollHeight; };

  // The server keeps pictures for a day; later the text stands alone.
  const pictureOf = (entry) => {
    const picture = element("img", "picture");
    Object.assign(picture, { src: entry.picture, alt: entry.shown, width: 640, height: 400 });
    picture.onerror = () => picture.remove();
    return picture;
  };

  const drawRow = (entry) => {
    if (entry.hidden) return;
    const row = element("div", entry.me ? `row me ${entry.state}` : "row bot");
    if (entry.me) {
      const state = element("span", "state");
      if (entry.state === "failed") state.textContent = words.notSent;
      row.append(state);
      row.dataset.id = entry.id;
    }
    const bubble = element("div", "bubble");
    // A first line of its own that is no sentence is the answer's title.
    const [, title, rest] = (!entry.me && /^([^\n]{1,90}[^\n.?!।:])(\n[^]+)$/.exec(entry.shown)) || [null, "", entry.shown];
    if (entry.picture) bubble.append(pictureOf(entry));
    if (title) bubble.append(element("strong", "", title));
    bubble.append(rest);
    bubble.dir = "auto";
    if (entry.language) bubble.lang = entry.language;
    row.append(bubble);
    const old = entry.me && list.querySelector(`[data-id="${entry.id}"]`);
    if (old) old.replaceWith(row); else list.append(row);
  };

  const drawChoices = () => {
    list.querySelectorAll(".choices").forEach((old) => old.remove());
    const last = kept.said.filter((entry) => !entry.hidden).at(-1);
    if (!last || last.me || !(last.choices.length || last.askLocation)) return;
    const row = element("div", "choices");
    for (const choice of last.choices) {
      const button = element("button", "", choice.label);
      button.dir = "auto";
      button.onclick = () => say(choice.text, choice.label);
      row.append(button);
    }
    if (last.askLocation && canLocate) {
      const button = element("button", "", words.location);
      button.onclick = sendPlace;
      row.append(button);
    }
    list.append(row);
  };

  const answered = new Set();
  let typingTimer = 0;
  const showTyping = (shown) => {
    clearTimeout(typingTimer);
    typing.hidden = !shown;
    if (shown) { typingTimer = setTimeout(() => showTyping(false), TYPING_MS); toEnd(); }
  };

  // Sending. One message at a time and always with the id it got when it was written, so that it counts once.
  const newId = () => (window.crypto && crypto.randomUUID ? crypto.randomUUID() : Date.now().toString(36) + Math.random().toString(36).slice(2));
  const add = (entry) => {
    kept.said.push(Object.assign({ me: true, id: newId(), state: "waiting" }, entry));
    keep();
    drawRow(kept.said.at(-1));
    drawChoices();
    toEnd();
    return flush();
  };
  const say = (said, shown) => add({ body: { text: said }, shown: shown || said });

  let sending = null, wakeSender = () => {};
  const flush = () => { sending = sending || sendAll().finally(() => { sending = null; }); wakeSender(); return sending; };
  const sendAll = async () => {
    let failures = 0;
    for (let entry; (entry = kept.said.find((one) => one.me && one.state === "waiting"));) {
      const status = await post(entry);
      if (status === 0 || status === 429 || status >= 500) {
        offline.hidden = false;
        await sleep(Math.min(30000, 1000 * 2 ** failures++), (wake) => { wakeSender = wake; });
        continue;
      }
      failures = 0;
      offline.hidden = true;
      entry.state = status < 300 ? "sent" : "failed";
      keep();
      drawRow(entry);
      if (entry.state === "sent" && !entry.hidden && !answered.has(entry.id)) showTyping(true);
      listen();
    }
  };
  const post = async (entry) => {
    const given = new AbortController();
    const timer = setTimeout(() => given.abort(), 20000);
    try {
      const body = Object.assign({ id: entry.id, language: words.language || undefined }, entry.body);
      const answer = await fetch("/channels/web/receive", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: given.signal,
      });
      return answer.status;
    } catch { return 0; } finally { clearTimeout(timer); }
  };

  // Answers. The server holds the question until there is one, or for some 25 seconds.
  let listening = false, wakeListener = () => {};
  const listen = () => { wakeListener(); if (!listening) { listening = true; fetchAll(); } };
  const fetchAll = async () => {
    for (let failures = 0; ;) {
      if (document.hidden) await new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
      try {
        const answer = await fetch(`/chat/messages?after=${kept.after}&draft=${drafted}`);
        if (!answer.ok) throw new Error(answer.status);
        const { messages, draft } = await answer.json();
        messages.forEach(take);
        if (draft) showDraft(draft);
        if (failures) offline.hidden = true;
        failures = 0;
      } catch {
        if (++failures > 1) offline.hidden = false;
        await sleep(Math.min(30000, 1000 * 2 ** failures), (wake) => { wakeListener = wake; });
      }
    }
  };
  // The answer while it is being written, not kept: the answer itself takes its place.
  let drafted = "";
  const dropDraft = () => list.querySelectorAll(".draft").forEach((old) => old.remove());
  const showDraft = (draft) => {
    dropDraft();
    drafted = draft.version;
    drawRow({ shown: draft.text });
    list.lastElementChild.classList.add("draft");
    toEnd();
  };
  const take = (message) => {
    if (message.number <= kept.after) return;
    dropDraft();
    kept.after = message.number;
    answered.add(message.answers);
    kept.said.push({ shown: message.text, language: message.language, picture: message.picture, choices: message.quick_replies, askLocation: message.ask_location });
    keep();
    showTyping(false);
    drawRow(kept.said.at(-1));
    drawChoices();
    toEnd();
  };

  const canLocate = window.isSecureContext && "geolocation" in navigator;
  const sendPlace = () => navigator.geolocation.getCurrentPosition(
    ({ coords }) => add({ body: { location: { latitude: coords.latitude, longitude: coords.longitude } }, shown: `📍 ${words.locationSent}` }),
    () => { list.append(element("p", "notice", words.locationFailed)); toEnd(); },
    { timeout: 15000, maximumAge: 600000 },
  );

  // The bot is told by the language's own name, as its buttons do; then the page itself comes in it.
  const chooseLanguage = async (tag, name) => {
    await Promise.race([add({ body: { text: name.trim() }, shown: "", hidden: true }), sleep(4000)]);
    location.assign(`/chat?language=${encodeURIComponent(tag)}`);
  };

  byId("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    const said = text.value.trim();
    if (!said) return;
    text.value = "";
    fitHeight();
    say(said);
  });
  const fitHeight = () => { text.style.height = "auto"; text.style.height = `${text.scrollHeight + 3}px`; };
  text.addEventListener("input", fitHeight);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); byId("compose").requestSubmit(); }
  });
  byId("language").addEventListener("change", ({ target }) => chooseLanguage(target.value, target.selectedOptions[0].text));
  document.querySelectorAll("#languages button").forEach((button) => { button.onclick = () => chooseLanguage(button.value, button.textContent); });
  byId("place").hidden = !canLocate;
  byId("place").onclick = sendPlace;
  window.addEventListener("offline", () => { offline.hidden = false; });
  window.addEventListener("online", () => { offline.hidden = true; wakeSender(); wakeListener(); flush(); });

  kept.said.forEach(drawRow);
  drawChoices();
  toEnd();
  if (kept.said.length) { listen(); flush(); }
})();
