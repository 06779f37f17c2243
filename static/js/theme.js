// Loaded only while nobody chose light or dark: says the system's preference to the stylesheet before the first paint.
document.documentElement.dataset.bsTheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
