// Runs before the first paint, so that "as the system has it" does not flash; light and dark come from the server.
(() => {
  const page = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    if (page.dataset.theme === "auto") page.dataset.bsTheme = system.matches ? "dark" : "light";
  };
  system.addEventListener("change", follow);
  follow();
})();
