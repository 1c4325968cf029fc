// Draws each picture from the table on the page, which it then folds away: who cannot see the picture, or has no script,
// reads the table. Colors are those of the theme, asked anew when it changes.

const { Chart } = window;
const drawn = new Map();

function color(name) {
  const probe = document.createElement("span"); // a custom property is light-dark() itself until something has that color
  probe.className = `probe-${name}`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function rows(section) {
  return [...section.querySelectorAll("tbody tr")].map((row) => ({
    label: row.cells[0].textContent.trim(),
    value: Number(row.cells[1].dataset.value),
    said: row.cells[1].textContent.trim(), // as the language writes numbers
    url: row.querySelector("a")?.href,
  }));
}

function canvasOf(section) {
  const frame = document.createElement("div");
  frame.className = "frame";
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  const summary = section.querySelector("summary").textContent;
  const { gist } = section.dataset;
  canvas.setAttribute("aria-label", `${section.querySelector("h2").textContent}. ${gist} (${summary} ↓)`);
  frame.append(canvas);
  section.querySelector("details").before(frame);
  section.querySelector("details").open = false;
  return canvas;
}

function options(kind, data) {
  const across = kind === "bars";
  const grid = { color: color("line"), drawTicks: false };
  const values = {
    grid,
    border: { display: false },
    beginAtZero: true,
    ticks: { color: color("soft"), precision: 0, padding: 6, maxTicksLimit: 6 },
  };
  const names = {
    grid: { display: false },
    border: { color: color("line") },
    ticks: {
      color: color("soft"),
      maxRotation: 0,
      autoSkip: !across,
      autoSkipPadding: 6,
      callback(value) {
        const label = this.getLabelForValue(value);
        return across && label.length > 22 ? `${label.slice(0, 21)}…` : label;
      },
    },
  };
  return {
    indexAxis: across ? "y" : "x",
    maintainAspectRatio: false,
    onClick: (event, [bar]) => {
      if (bar && data[bar.index].url) location.assign(data[bar.index].url); // as its name in the table does
    },
    onHover: ({ native }, [bar]) => {
      native.target.style.cursor = bar && data[bar.index].url ? "pointer" : "";
    },
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 500 },
    interaction: { mode: "index", intersect: false, axis: across ? "y" : "x" },
    scales: across ? { x: values, y: names } : { x: names, y: values },
    plugins: {
      legend: { display: false },
      tooltip: {
        displayColors: false,
        callbacks: { label: (item) => data[item.dataIndex].said },
      },
    },
  };
}

function draw(section) {
  const kind = section.dataset.chart;
  const data = rows(section);
  const canvas = drawn.get(section)?.canvas ?? canvasOf(section);
  drawn.get(section)?.destroy();
  if (kind === "bars") canvas.parentElement.classList.add("tall");
  const dataset = {
    backgroundColor: color(kind === "bars" ? "second" : "accent"),
    borderRadius: 4,
    maxBarThickness: 42,
  };
  drawn.set(
    section,
    new Chart(canvas, {
      type: "bar",
      data: {
        labels: data.map((row) => row.label),
        datasets: [{ data: data.map((row) => row.value), ...dataset }],
      },
      options: options(kind, data),
    }),
  );
}

function drawAll() {
  Chart.defaults.locale = document.documentElement.lang;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  for (const section of document.querySelectorAll("[data-chart]")) draw(section);
  document.documentElement.dataset.drawn = "true";
}

document.fonts.ready.then(drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
