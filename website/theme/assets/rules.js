// The filter of the table of rules. Without JavaScript the table shows all of them.
(() => {
  const form = document.querySelector(".rules-filter");
  const table = document.querySelector("table.rules");
  if (!form || !table) return;
  const words = form.querySelector("#rules-words");
  const group = form.querySelector("#rules-group");
  const count = form.querySelector(".rules-count");
  const rows = [...table.querySelectorAll("tbody tr")].filter((row) => !row.querySelector(".rules-group"));

  const fits = (row) => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = row.textContent.toLowerCase();
    const surfaces = [...form.querySelectorAll("input:checked")].map((box) => box.value);
    return (
      (!group.value || row.parentElement.dataset.group === group.value) &&
      wanted.every((word) => text.includes(word)) &&
      surfaces.every((surface) => row.querySelector(`.badge.${surface}`))
    );
  };

  const apply = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = !fits(row);
      shown += !row.hidden;
    }
    for (const body of table.tBodies) {
      body.hidden = rows.filter((row) => row.parentElement === body).every((row) => row.hidden);
    }
    count.textContent = shown === rows.length ? `${shown} rules and other findings` : `${shown} of ${rows.length}`;
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", apply);
  form.hidden = false;
  apply();
})();
