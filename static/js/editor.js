// The desk of an article: marks of Markdown by buttons, pictures by paste, drop and button, Ctrl S, and no text lost by leaving.
// The page works without it: the buttons that need it are hidden then.
(() => {
  "use strict";

  const desk = document.querySelector("[data-desk]");
  const text = desk?.querySelector("textarea[name=body]");
  if (!text || text.readOnly) return;
  const state = desk.querySelector("[data-desk-state]");
  const say = (words, isWrong = false) => { state.textContent = words; state.classList.toggle("is-wrong", isWrong); };

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

  // Replace `was`, wherever it stands by now, and leave the caret and the field where somebody writes meanwhile.
  const replace = (was, words) => {
    const at = text.value.indexOf(was);
    if (at < 0) return;
    const behind = at + was.length, shift = words.length - was.length;
    const moved = (place) => (place <= at ? place : Math.max(place, behind) + shift);
    const [start, end, field] = [moved(text.selectionStart), moved(text.selectionEnd), document.activeElement];
    put(words, at, behind);
    text.setSelectionRange(start, end);
    field?.focus();
  };

  let count = 0;
  // What was wrong with it, or nothing.
  const upload = async (file) => {
    const name = file.name || "picture.png";
    const waiting = `![${name.replace(/[[\]]/g, "")} ${++count} …]()`;
    put(waiting);
    const body = new FormData();
    body.append("file", file, name);
    try {
      const answer = await fetch(desk.dataset.uploads, { method: "POST", body, headers: { "X-CSRF-Token": desk.elements.csrf_token.value, Accept: "application/json" } });
      const told = await answer.json();
      replace(waiting, answer.ok ? told.markdown : "");
      return answer.ok ? "" : `${name}: ${told.detail || "The picture was refused."}`;
    } catch {
      replace(waiting, "");
      return `${name} did not arrive. Try again.`;
    }
  };

  const bring = async (files) => {
    say("Sending the picture …");
    const problems = [];
    for (const file of files) problems.push(await upload(file));
    say(problems.filter(Boolean).join(" "), true);
  };

  const take = (event, given) => {
    if (!given?.files.length || !desk.dataset.uploads) return;
    event.preventDefault();
    bring([...given.files]); // a list of its own: the event's is emptied once it is over
  };

  desk.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mark]");
    if (button) marks[button.dataset.mark]?.();
  });
  // Spreadsheets and word processors put a picture of the words beside them: then the words are meant.
  text.addEventListener("paste", (event) => { if (!event.clipboardData?.getData("text/plain")) take(event, event.clipboardData); });
  text.addEventListener("dragover", (event) => { if ([...event.dataTransfer.types].includes("Files")) { event.preventDefault(); text.dataset.over = ""; } });
  text.addEventListener("dragleave", () => delete text.dataset.over);
  text.addEventListener("drop", (event) => { delete text.dataset.over; take(event, event.dataTransfer); });
  desk.querySelector("[data-pictures]")?.addEventListener("change", async (event) => {
    await bring(event.target.files);
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
