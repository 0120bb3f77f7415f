// What the boards do beyond links: clocks that tick, keys for the moves of a row, and the whole screen.
const board = (selector, root = document) => root.querySelector(selector);

// The server's clock counts, not that of this machine.
let ahead = 0;
function readClock() {
  const place = board("[data-now]");
  if (place) ahead = Date.parse(place.dataset.now) - Date.now();
}
readClock();

// 2 d 4 h, 3 h 05 min, 12:34, and the same with “over” when it has passed.
function leftUntil(instant) {
  const seconds = Math.round((instant - Date.now() - ahead) / 1000);
  const total = Math.abs(seconds);
  const [days, hours, minutes] = [Math.floor(total / 86400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  let text = `${minutes}:${two(total % 60)} min`;
  if (days) text = `${days} d ${hours} h`;
  else if (hours) text = `${hours} h ${two(minutes)} min`;
  return [seconds < 0 ? `${text} over` : text, seconds < 0];
}
function tick() {
  document.querySelectorAll("[data-countdown]").forEach((place) => {
    const time = board("time", place);
    if (!time) return;
    const [text, isOver] = leftUntil(Date.parse(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
    place.classList.toggle("is-over", isOver);
  });
}
tick();
setInterval(tick, 1000);
document.addEventListener("htmx:afterSettle", tick);

// j and k go from row to row; a row's keys work while the focus is in it, those of a page's own moves always.
const rowOf = (element) => element?.closest?.("tr")?.querySelector("[data-row]");
function go(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const here = rows.indexOf(rowOf(document.activeElement));
  rows[Math.min(rows.length - 1, Math.max(0, here + step))]?.focus();
}
function moveFor(key) {
  const row = document.activeElement?.closest?.("tr") || board("[data-always]");
  return row && board(`[data-key="${CSS.escape(key)}"]`, row);
}
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented) return;
  if (!board("[data-keys]") || board("dialog[open]")) return;
  if (event.key === "j" || event.key === "k") return go(event.key === "j" ? 1 : -1);
  const move = event.key.length === 1 && moveFor(event.key);
  if (!move) return;
  event.preventDefault();
  move.click();
});

// The wall on the whole screen; where a browser cannot do that, the button is not shown.
document.querySelectorAll("[data-fullscreen]").forEach((button) => {
  button.hidden = !document.fullscreenEnabled;
  button.addEventListener("click", () => board(button.dataset.fullscreen)?.requestFullscreen());
});
