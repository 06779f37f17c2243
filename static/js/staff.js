// Staff and resellers: the side menu of narrow windows, tabs above lists, parts of forms, and the palette (Ctrl K).
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // The staff menu is a popover: it needs no script. Only leave it when the window grows wide.
  const side = document.getElementById("side");
  matchMedia("(min-width: 901px)").addEventListener("change", () => { if (side?.matches(":popover-open")) side.hidePopover(); });

  // <details data-open-when="reach=some"> follows the radios of that name.
  document.addEventListener("change", ({ target: { form, name, value } }) => all("details[data-open-when]", form || document).forEach((part) => {
    const [of, which] = part.dataset.openWhen.split("=");
    if (of === name) part.open = which === value;
  }));

  // Tabs above a list take its other filters from the address, which a swapped block does not draw anew.
  document.addEventListener("click", (event) => {
    const tab = event.target.closest?.("[data-keeps] a");
    if (!tab) return;
    const { keeps } = tab.closest("[data-keeps]").dataset;
    const [query, own] = [new URLSearchParams(location.search), new URLSearchParams(tab.search)];
    query.delete("cursor");
    query.set(keeps, own.get(keeps) || "");
    tab.search = query;
  });

  const palette = document.getElementById("palette");
  const find = palette?.querySelector("input");
  const pages = palette?.querySelector("#palette_pages");
  const options = () => all(".opt", palette);
  let waiting;

  // The pages are the links of the sidebar and of the person's own menu, so the palette never knows a page the person may not open.
  const listPages = (words) => {
    pages.replaceChildren();
    const links = all(".mp-side nav a.item, .mp-account a.dropdown-item").filter((link) => words.every((word) => link.textContent.toLowerCase().includes(word)));
    if (!links.length) return;
    const group = make("div", {}, make("div", { className: "grp", textContent: "Pages" }));
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Pages");
    group.firstChild.setAttribute("role", "presentation");
    for (const link of links) {
      const option = make("a", { className: "opt", href: link.href }, link.querySelector("svg").cloneNode(true), make("span", { textContent: (link.querySelector(".cut") || link).textContent.trim() }));
      const heading = link.closest("ul")?.getAttribute("aria-labelledby");
      if (heading) option.append(make("span", { className: "end", textContent: document.getElementById(heading).textContent }));
      group.append(option);
    }
    pages.append(group);
  };

  const mark = (option) => {
    options().forEach((other, place) => {
      other.id ||= `hit-${place}-${Date.now()}`;
      other.setAttribute("role", "option");
      other.tabIndex = -1;
      other.setAttribute("aria-selected", String(other === option));
    });
    if (option) { find.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
    else find.removeAttribute("aria-activedescendant");
    palette.querySelector(".mp-palette-none").hidden = Boolean(option);
  };

  const move = (step) => {
    const list = options();
    const at = list.findIndex((option) => option.getAttribute("aria-selected") === "true");
    mark(list[(at + step + list.length) % list.length]);
  };

  const typed = () => {
    const text = find.value.trim().toLowerCase();
    listPages(text.split(/\s+/).filter(Boolean));
    const results = palette.querySelector("#palette_results");
    clearTimeout(waiting);
    if (palette.dataset.searchUrl && text.length > 1 && window.htmx) waiting = setTimeout(() => htmx.trigger(find, "palette-search"), 180);
    else results?.replaceChildren();
    mark(options()[0]);
  };

  const openPalette = () => {
    if (!palette || palette.open) return;
    if (side?.matches(":popover-open")) side.hidePopover();
    find.value = "";
    palette.showModal();
    typed();
    find.focus();
  };

  find?.addEventListener("input", typed);
  find?.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Escape") palette.close(); // a search field would only empty itself
    else if (event.key === "Enter") palette.querySelector("[aria-selected=true]")?.click();
    else return;
    event.preventDefault();
  });
  document.addEventListener("htmx:afterSwap", (event) => { if (palette?.contains(event.target)) mark(options()[0]); });
  document.addEventListener("click", (event) => { if (event.target.closest?.("[data-palette-open]")) openPalette(); });
  // A drawer beside a list closes without leaving the list, and gives the focus back to what opened it.
  document.addEventListener("click", (event) => {
    const drawer = event.target.closest?.("[data-drawer-close]")?.closest("aside");
    const opener = drawer && document.querySelector(`[hx-target="#${drawer.id}"].is-open`);
    if (drawer) { event.preventDefault(); drawer.replaceChildren(); drawer.className = ""; opener?.focus(); }
    const row = event.target.closest?.("[data-drawer-open]");
    if (drawer || row) document.querySelectorAll("[data-drawer-open].is-open").forEach((link) => { link.classList.remove("is-open"); link.closest("tr").classList.remove("is-open"); });
    if (row) { row.classList.add("is-open"); row.closest("tr").classList.add("is-open"); }
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    openPalette();
  });
})();
