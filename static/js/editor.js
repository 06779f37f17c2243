// The desk of an article: marks of Markdown by buttons, pictures by paste, drop and button, Ctrl S, and no text lost by leaving.
// The page works without it: the buttons that need it are hidden then.
(() => {
  "use strict";

  const desk = document.querySelector("[data-desk]");
  const text = desk?.querySelector("textarea[name=body]");
  if (!text || text.readOnly) return;
  const state = desk.querySelector("[data-desk-state]");
  const say = (words) => { state.textContent = words; };

  // insertText keeps the browser's undo; where it is unknown the range is replaced.
  const put = (words, start = text.selectionStart, end = text.selectionEnd) => {
    text.focus();
    text.setSelectionRange(start, end);
    if (!document.execCommand("insertText", false, words)) {
      text.setRangeText(words, start, end, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };

  const around = (before, after, sample) => {
    const [start, end] = [text.selectionStart, text.selectionEnd];
    const inner = text.value.slice(start, end) || sample;
    put(before + inner + after);
    text.setSelectionRange(start + before.length, start + before.length + inner.length);
  };

  const lines = (mark) => {
    const start = text.value.lastIndexOf("\n", text.selectionStart - 1) + 1;
    const end = text.value.indexOf("\n", text.selectionEnd);
    const whole = text.value.slice(start, end < 0 ? undefined : end);
    put(whole.split("\n").map((line, place) => mark(place) + line).join("\n"), start, end < 0 ? text.value.length : end);
  };

  const marks = {
    bold: () => around("**", "**", "bold"),
    italic: () => around("*", "*", "italic"),
    heading: () => lines(() => "## "),
    steps: () => lines((place) => `${place + 1}. `),
    list: () => lines(() => "- "),
    link: () => around("[", "](/help/)", "words"),
    code: () => text.value.slice(text.selectionStart, text.selectionEnd).includes("\n") ? around("```\n", "\n```", "") : around("`", "`", "code"),
    table: () => put("\n| What | Value |\n| --- | --- |\n| | |\n"),
  };

  const upload = async (file) => {
    const waiting = `![${file.name.replace(/[[\]]/g, "")} …]()`;
    put(waiting);
    say("Sending the picture …");
    const body = new FormData();
    body.append("file", file, file.name || "picture.png");
    let written = "";
    try {
      const answer = await fetch(desk.dataset.uploads, { method: "POST", body, headers: { "X-CSRF-Token": desk.elements.csrf_token.value, Accept: "application/json" } });
      const told = await answer.json();
      written = answer.ok ? told.markdown : "";
      say(answer.ok ? "" : told.detail || "The picture was refused.");
    } catch {
      say("The picture did not arrive. Try again.");
    }
    const at = text.value.indexOf(waiting);
    if (at >= 0) put(written, at, at + waiting.length);
  };

  const pictures = (given) => [...(given?.files || [])].filter((file) => file.type.startsWith("image/"));
  const take = async (event, given) => {
    const found = pictures(given);
    if (!found.length || !desk.dataset.uploads) return;
    event.preventDefault();
    for (const file of found) await upload(file);
  };

  desk.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mark]");
    if (button) marks[button.dataset.mark]?.();
  });
  text.addEventListener("paste", (event) => take(event, event.clipboardData));
  text.addEventListener("dragover", (event) => { if ([...event.dataTransfer.types].includes("Files")) { event.preventDefault(); text.dataset.over = ""; } });
  text.addEventListener("dragleave", () => delete text.dataset.over);
  text.addEventListener("drop", (event) => { delete text.dataset.over; take(event, event.dataTransfer); });
  desk.querySelector("[data-pictures]")?.addEventListener("change", async (event) => {
    for (const file of event.target.files) await upload(file);
    event.target.value = "";
  });

  let changed = false;
  document.addEventListener("input", (event) => { if (event.target.form === desk) changed = true; });
  desk.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      desk.requestSubmit(document.querySelector("button[form=desk]"));
    }
  });
})();
