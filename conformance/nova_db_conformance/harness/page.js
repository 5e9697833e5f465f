(() => {
  const controls = document.getElementById("controls");
  const box = document.getElementById("filter");
  const only = document.getElementById("failures");
  const shown = document.getElementById("found");
  const bodies = [...document.querySelectorAll("#matrix tbody")];
  const apply = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const body of bodies) {
      const [heading, ...rows] = body.rows;
      for (const row of rows) {
        const text = (heading.textContent + " " + row.textContent).toLowerCase();
        row.hidden = (only.checked && !row.dataset.failed) || !words.every((word) => text.includes(word));
        count += !row.hidden;
      }
      body.hidden = rows.every((row) => row.hidden);
    }
    shown.textContent = count + " functions";
  };
  controls.hidden = false;
  controls.addEventListener("input", apply);
  controls.addEventListener("submit", (event) => event.preventDefault());
  // For browsers whose style sheets cannot open what is folded up.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  apply();
})();
