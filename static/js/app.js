// What pages do beyond HTML: theme, copying, dialogs, menus, toasts, bulk selection, filters that send
// themselves, relative times. Every page works without it. staff.js adds the palette, charts.js (fetched only
// where a chart is) the charts; they hear of it by mp:theme and mp:settle on the document.
// Runs under script-src 'self'; nothing here is evaluated, and markup comes only from the server.
(() => {
  "use strict";

  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const say = (name) => document.dispatchEvent(new Event(name));

  /* ---------------------------------------------------------------- theme */

  const isDark = () => root.dataset.bsTheme ? root.dataset.bsTheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  const switchTheme = () => {
    root.dataset.bsTheme = isDark() ? "light" : "dark";
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${root.dataset.bsTheme}; path=/; max-age=31536000; SameSite=Lax${secure}`;
    say("mp:theme");
  };

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
    if (/(^|; )theme=/.test(document.cookie)) return;
    root.dataset.bsTheme = event.matches ? "dark" : "light";
    say("mp:theme");
  });

  /* ---------------------------------------------------------------- toasts */

  const TOAST_SECONDS = 6;
  const toasts = document.getElementById("toasts");

  // A bad result stays until it is dismissed; the others wait while they are read or used.
  const startToast = (toast) => {
    if (toast.dataset.s === "bad") return;
    let timer;
    const go = () => { timer = setTimeout(() => toast.remove(), TOAST_SECONDS * 1000); };
    const stay = () => clearTimeout(timer);
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, stay);
    for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, go);
    go();
  };

  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    const sprite = document.querySelector("svg.mp-i use")?.getAttribute("href")?.split("#")[0];
    svg.classList.add("mp-i");
    svg.setAttribute("aria-hidden", "true");
    if (sprite) use.setAttribute("href", `${sprite}#${name}`);
    svg.append(use);
    return svg;
  };

  const showToast = ({ tone = "good", text = "", href, label = "Open" }) => {
    if (!toasts || !text) return;
    const close = make("button", { type: "button", className: "x", ariaLabel: "Dismiss" }, icon("x"));
    close.dataset.toastClose = "";
    const toast = make("div", { className: "mp-toast" }, icon(tone === "good" ? "check" : tone === "info" ? "info-circle" : "alert-triangle"), make("span", { className: "grow", textContent: text }));
    toast.dataset.s = tone;
    if (href) toast.append(make("a", { href, textContent: label }));
    toast.append(close);
    toasts.append(toast);
    startToast(toast);
  };

  // HX-Trigger: {"toast": {"tone": "good", "text": "Saved"}}
  document.addEventListener("toast", (event) => showToast(event.detail || {}));

  // Words already there when the page comes are not read out: put them in once more, a moment later.
  const announceToasts = () => {
    const waiting = all(".mp-toast", toasts);
    if (!waiting.length) return;
    setTimeout(() => waiting.forEach((toast) => { toasts.append(toast); startToast(toast); }), 150);
  };

  /* --------------------------------------------------------------- dialogs */

  const openDialog = (dialog) => {
    if (!dialog || dialog.open) return;
    dialog.removeAttribute("popover"); // with script it is a modal
    dialog.showModal();
    (dialog.querySelector("[autofocus], input:not([type=hidden]), select, textarea") || dialog.querySelector("[data-dialog-close]"))?.focus();
  };

  // What was refused comes back open, with its error at the field.
  const openAgain = () => all("dialog[data-again]").forEach((dialog) => {
    dialog.removeAttribute("data-again");
    dialog.removeAttribute("open");
    openDialog(dialog);
  });

  let asked = null;
  const confirmed = new WeakSet();

  const ask = (form, submitter) => {
    const words = { ...form.dataset, ...submitter?.dataset };
    const title = make("h2", { id: "ask-title", textContent: words.confirmTitle || words.confirm });
    const body = make("div", { className: "b" }, title);
    if (words.confirmTitle) body.append(make("p", { className: "muted", textContent: words.confirm }));
    const keep = make("button", { className: "btn", type: "button", textContent: words.confirmKeep || "Keep it" });
    const label = words.confirmLabel || submitter?.textContent.trim() || "Yes";
    const yes = make("button", { className: `btn btn-${words.confirmTone || "danger"}`, type: "button", textContent: label });
    const dialog = make("dialog", { className: "mp-dialog" }, body, make("div", { className: "f" }, keep, yes));
    dialog.setAttribute("aria-labelledby", "ask-title");
    asked?.remove();
    asked = document.body.appendChild(dialog);
    keep.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => { dialog.close(); confirmed.add(form); form.requestSubmit(submitter || undefined); });
    dialog.addEventListener("close", () => { dialog.remove(); submitter?.focus(); });
    dialog.showModal();
    keep.focus();
  };

  // In the capture phase, so that htmx only sees a submit that was said yes to.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = form.dataset.confirm || event.submitter?.dataset.confirm;
    if (!question || confirmed.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(form, event.submitter);
  }, true);

  const checkTyped = (input) => {
    const submit = input.form?.querySelector("[type=submit]");
    if (submit) submit.disabled = input.value.trim() !== input.dataset.mustBe;
  };

  /* ----------------------------------------------------- menus and clicks */

  const closeMenus = (except) => all("details.mp-menu[open]").forEach((menu) => { if (menu !== except) menu.open = false; });

  // A menu near the lower edge opens upwards.
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.mp-menu") || !menu.open) return;
    closeMenus(menu);
    const list = menu.querySelector(".dropdown-menu");
    menu.classList.remove("is-up");
    if (list && list.getBoundingClientRect().bottom > innerHeight - 8 && menu.getBoundingClientRect().top > list.offsetHeight) menu.classList.add("is-up");
  }, true);

  const copy = async (button) => {
    const tell = (words) => {
      const before = button.dataset.label ||= button.getAttribute("aria-label") || "";
      button.classList.add("is-done");
      button.setAttribute("aria-label", words);
      setTimeout(() => { button.classList.remove("is-done"); button.setAttribute("aria-label", before); }, 1600);
    };
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch { // no secure context: the old way
      const area = document.body.appendChild(make("textarea", { value: button.dataset.copy, className: "visually-hidden" }));
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.focus();
    tell("Copied");
    showToast({ text: "Copied" });
  };

  const reveal = (button) => {
    const input = document.getElementById(button.dataset.reveal);
    if (!input) return;
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.querySelector("use")?.setAttribute("href", button.querySelector("use").getAttribute("href").replace(/#.*/, shown ? "#eye-off" : "#eye"));
  };

  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest?.(selector);
    if (!hit("details.mp-menu")) closeMenus();
    else if (hit(".dropdown-item")) closeMenus();

    const opener = hit("[data-dialog-open]");
    if (opener) { event.preventDefault(); openDialog(document.getElementById(opener.dataset.dialogOpen)); return; }
    const closer = hit("[data-dialog-close]");
    if (closer) { closer.closest("dialog")?.close(); return; }
    if (event.target.matches?.("dialog.mp-palette, dialog.mp-dialog")) { event.target.close?.(); return; } // the backdrop
    if (hit("[data-theme-toggle]")) switchTheme();
    else if (hit("[data-copy]")) copy(hit("[data-copy]"));
    else if (hit("[data-reveal]")) reveal(hit("[data-reveal]"));
    else if (hit("[data-print]")) print();
    else if (hit("[data-toast-close]")) hit(".mp-toast").remove();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest("details.mp-menu[open]");
    closeMenus();
    menu?.querySelector("summary").focus();
  });

  /* ------------------------------------------------------ forms and tables */

  // Typing waits a little; choosing does not. Without htmx the page itself comes again, so then only on a choice.
  let typing;
  const send = (form) => { clearTimeout(typing); form.requestSubmit(); };
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-autosubmit]");
    if (form) send(form);
    if (event.target.matches?.("[data-select-all]")) {
      const within = event.target.closest("[data-bulk], table");
      all("[data-select]:not(:disabled)", within).forEach((box) => { box.checked = event.target.checked; });
    }
    if (event.target.matches?.("[data-select], [data-select-all]")) countSelected();
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-must-be]")) checkTyped(event.target);
    const form = event.target.closest?.("form[data-autosubmit][hx-get]");
    if (!form || !event.target.matches("input[type=search], input[type=text]")) return;
    clearTimeout(typing);
    typing = setTimeout(() => send(form), 300);
  });
  // An export takes the filters from the address: a swapped block does not draw its form anew.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches?.("form[data-export]")) return;
    all("[data-filter]", form).forEach((field) => field.remove());
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (name === "cursor") continue;
      const field = make("input", { type: "hidden", name, value });
      field.dataset.filter = "";
      form.append(field);
    }
    form.closest("details")?.removeAttribute("open");
  });

  // Empty fields stay out of the address.
  document.addEventListener("formdata", (event) => {
    if (!event.target.matches("form[data-autosubmit]")) return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });

  const countSelected = () => all("[data-bulk]").forEach((form) => {
    const boxes = all("[data-select]", form);
    const chosen = boxes.filter((box) => box.checked).length;
    all("[data-bulk-count]", form).forEach((place) => { place.textContent = chosen; });
    all("[data-select-all]", form).forEach((box) => { box.checked = chosen > 0 && chosen === boxes.length; box.indeterminate = chosen > 0 && chosen < boxes.length; });
  });

  /* ----------------------------------------------------------------- times */

  // Mirrors the server's |ago for the last and next day; older ones keep the server's words.
  const ago = (moment) => {
    const seconds = Math.trunc((Date.now() - moment) / 1000);
    const size = Math.abs(seconds);
    if (size >= 86400) return null;
    if (size < 45) return seconds >= 0 ? "just now" : "in a moment";
    const words = size < 3570 ? `${Math.max(1, Math.round(size / 60))} min` : `${Math.round(size / 3600)} h`;
    return seconds >= 0 ? `${words} ago` : `in ${words}`;
  };
  const freshenTimes = () => all("time[data-relative]").forEach((place) => {
    const moment = Date.parse(place.getAttribute("datetime"));
    const words = Number.isNaN(moment) ? null : ago(moment);
    if (words && place.textContent !== words) place.textContent = words;
  });

  /* -------------------------------------------------------- when it fails */

  const SAID = { 403: "Your role does not cover that.", 404: "That is no longer there.", 413: "That is too big.", 429: "A moment, please: that was asked too often." };
  document.addEventListener("htmx:responseError", (event) => showToast({ tone: "bad", text: SAID[event.detail.xhr.status] || "That went wrong on our side. Nothing was changed." }));
  document.addEventListener("htmx:sendError", () => showToast({ tone: "bad", text: "No connection just now. Nothing was changed." }));

  /* ------------------------------------------------------------------ start */

  if (document.body.hasAttribute("data-strip-query") && location.search) history.replaceState(null, "", location.pathname + location.hash);

  const focusFirstError = (within) => {
    const wrong = within.querySelector("[aria-invalid=true]:not([type=hidden])");
    wrong?.focus();
  };

  // charts.js is fetched once, by the first chart that asks for it.
  const fetchCharts = () => {
    const chart = document.querySelector("[data-chart-script]");
    if (!chart || document.getElementById("charts-script")) return;
    document.head.append(make("script", { id: "charts-script", src: chart.dataset.chartScript }));
  };

  const settle = (within) => {
    all("[data-must-be]", within).forEach(checkTyped);
    countSelected();
    freshenTimes();
    fetchCharts();
    say("mp:settle");
  };

  // Of tabs that are wider than the window, the one that is open is seen.
  const showOpenTab = () => all(".mp-tabs [aria-current]").forEach((tab) => {
    const tabs = tab.parentElement;
    tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
  });

  announceToasts();
  settle(document);
  showOpenTab();
  openAgain();
  focusFirstError(document);
  setInterval(freshenTimes, 30000);
  document.addEventListener("htmx:afterSettle", (event) => { settle(event.target); if (!event.target.closest?.("dialog.mp-palette")) focusFirstError(event.target); });
})();
