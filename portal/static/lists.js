// What lists do beyond links and forms: ticks, headings that stay in sight, and keeping what is being typed.
// Ticking rows.
document.addEventListener("change", (event) => {
  const form = event.target.closest(".list-form");
  if (!form) return;
  const ticks = [...form.querySelectorAll("input[name=ids]")];
  if (event.target.matches("[data-tick-all]")) ticks.forEach((tick) => { tick.checked = event.target.checked; });
  const chosen = ticks.filter((tick) => tick.checked).length;
  const all = $("[data-tick-all]", form);
  all.checked = chosen === ticks.length;
  all.indeterminate = chosen > 0 && chosen < ticks.length;
  $("[data-tick-count]", form).textContent = `${chosen} chosen`;
});

// A list that fits its width keeps its headings in sight; the style sheet cannot know which one does.
function look() {
  document.querySelectorAll(".list .table-scroll").forEach((box) => {
    box.classList.toggle("fits", box.firstElementChild.offsetWidth <= box.clientWidth);
  });
}
look();
addEventListener("resize", look);
document.addEventListener("htmx:afterSettle", look);

// Morphing keeps what the person is doing: the text being typed, the menu that is open.
Idiomorph.defaults.ignoreActiveValue = true;
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => !(name === "open" && element.matches("details[data-keep]"));
