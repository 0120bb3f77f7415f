// What the pages do beyond links and forms. Everything here is a comfort: without it, every page still works.
const $ = (selector, root = document) => root.querySelector(selector);
const dialog = $("#dialog");

// Toasts: success leaves after five seconds, what went wrong stays.
function dismissLater(note) {
  if (["success", "info"].includes(note.dataset.kind)) setTimeout(() => note.remove(), 5000);
}
function toast(kind, text) {
  const known = $(`#toast-${kind}`) || $("#toast-danger");
  const note = known.content.firstElementChild.cloneNode(true);
  $("p", note).textContent = text;
  $("#toasts").append(note);
  dismissLater(note);
}
document.querySelectorAll("#toasts > *").forEach(dismissLater);
document.addEventListener("toast", (event) => toast(event.detail.kind, event.detail.text));

// The dialog: opens when something was put into it, empties when it closes, gives the focus back.
let opener = null;
function fillDialog() {
  if (!dialog.open) dialog.showModal();
  ($("[data-focus], [autofocus]", dialog) || $(".dialog-body :is(input:not([type=hidden]), select, textarea, button, a)", dialog))?.focus();
}
dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  if (opener?.isConnected) opener.focus();
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-close-dialog]")) {
    event.preventDefault();
    dialog.close();
  }
});
document.addEventListener("closeDialog", () => dialog.open && dialog.close());

// Answers. What was asked for inside the dialog is answered there, errors too.
let hadFocus = false;
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  hadFocus = target.contains(document.activeElement);
  if (target === dialog && xhr.status !== 401 && xhr.getResponseHeader("HX-Reswap") !== "none") {
    event.detail.shouldSwap = xhr.status !== 204;
  }
});
document.addEventListener("htmx:afterSettle", (event) => {
  // What htmx puts in is parsed as if there were no scripts: buttons in a <noscript> would answer to Enter.
  document.querySelectorAll("noscript").forEach((part) => part.remove());
  if (event.detail.target === dialog && dialog.childElementCount) return fillDialog();
  $("[data-focus]", event.detail.target)?.focus();
  // What had the focus may be gone: then the region that changed gets it, so that Tab goes on from there.
  if (!hadFocus || document.activeElement !== document.body) return;
  const place = event.detail.elt?.isConnected ? event.detail.elt : $("#main");
  if (!place.hasAttribute("tabindex")) place.tabIndex = -1;
  place.focus({ preventScroll: true });
});
document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (status === 401) {
    const here = location.pathname + location.search;
    location.assign(`/login?next=${encodeURIComponent(here)}`);
  } else if (!event.detail.xhr.getResponseHeader("HX-Trigger") && event.detail.target !== dialog) {
    toast("danger", `The portal could not do this (${status}). Nothing was changed; try again.`);
  }
});
const isQuiet = (event) => event.detail.elt.id === "bell" || event.detail.elt.classList.contains("progress-box");
for (const lost of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(lost, (event) => {
    if (!isQuiet(event)) toast("danger", "The portal cannot be reached. What you entered is still here; try again.");
  });
}

// One click, one effect: the form's buttons rest while it is under way.
const buttons = (form) => form.querySelectorAll("button:not([type=button]), input[type=submit]");
function rest(form, resting) {
  form.toggleAttribute("data-busy", resting);
  buttons(form).forEach((button) => { button.disabled = resting; });
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.hasAttribute("data-busy")) return event.preventDefault();
  form.setAttribute("data-busy", "");
  setTimeout(() => rest(form, true));
  setTimeout(() => rest(form, false), 15000);
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches("form[method=post]")) rest(event.detail.elt, true);
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.matches("form[method=post]")) rest(event.detail.elt, false);
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-busy]").forEach((form) => rest(form, false)));

// The line on top shows after 200 ms of waiting (the delay is in the style sheet), not for what nobody asked for.
let waiting = 0;
const wait = (by) => (event) => {
  if (isQuiet(event)) return;
  waiting = Math.max(0, waiting + by);
  document.body.classList.toggle("is-waiting", waiting > 0);
};
document.addEventListener("htmx:beforeSend", wait(1));
document.addEventListener("htmx:afterRequest", wait(-1));

// Clicks: remember who opened the dialog, close toasts and menus.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === dialog && !dialog.open) opener = event.detail.elt;
});
document.addEventListener("click", (event) => {
  event.target.closest(".btn-close-toast")?.parentElement.remove();
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

// Keys: / searches, Ctrl+K goes anywhere, Escape closes a menu.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    $("#palette")?.click();
  } else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    $("#search")?.focus();
  } else if (event.key === "Escape") {
    const menu = event.target.closest?.("details.menu[open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); }
  }
});
