// Draws every chart of the page, in the theme that the reader's system asks for.
const charts = JSON.parse(document.getElementById("charts").textContent);
const themes = JSON.parse(document.getElementById("themes").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");

async function draw() {
  const printing = window.matchMedia("print").matches;
  const config = dark.matches && !printing ? themes.dark : themes.light;
  for (const [name, spec] of Object.entries(charts)) {
    const place = document.getElementById("chart-" + name);
    const view = await vegaEmbed(place, spec, { actions: false, config, renderer: "svg" });
    // The figure's own text says what the chart shows; its marks would be read out one by one.
    place.querySelector("svg").setAttribute("aria-hidden", "true");
    place.dataset.drawn = view.view.getState() ? "yes" : "no";
    for (const select of place.querySelectorAll("select")) {
      select.setAttribute("aria-label", select.name);
    }
  }
  document.body.dataset.drawn = dark.matches ? "dark" : "light";
}

dark.addEventListener("change", draw);
draw();
