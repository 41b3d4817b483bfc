// The switch between light and dark. Without a choice, or without this script, the system's preference counts.
(() => {
  const KEY = "fieldstone-theme";
  const ORDER = ["system", "light", "dark"];
  const root = document.documentElement;
  const chosen = () => (ORDER.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "system");
  const show = () => { root.dataset.theme = chosen(); };
  show();
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("button.theme");
    const label = () => { button.textContent = `Theme: ${chosen()}`; };
    label();
    button.hidden = false;
    button.addEventListener("click", () => {
      localStorage.setItem(KEY, ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length]);
      show();
      label();
    });
  });
})();
