// What a page does by itself, without asking the server: save a chart as a picture, print, bring into view what a click
// has opened. Put in once by ui.enter_page.
if (!window.huizong) {
  window.huizong = true;
  document.addEventListener("click", (event) => {
    const picture = event.target.closest("[data-chart]");
    if (picture) savePicture(picture.dataset);
    if (event.target.closest("[data-print-view]")) window.open(printView());
    if (event.target.closest("[data-print]")) window.print();
  });
  let arrived = "";
  new MutationObserver(() => {
    const opened = document.querySelector("[data-arrive]");
    const name = opened?.dataset.arrive ?? "";
    if (name !== arrived) opened?.scrollIntoView({ behavior: "smooth", block: "center" });
    arrived = name;
  }).observe(document.body, { childList: true, subtree: true });
}

// The address of this page as it will look on paper.
function printView() {
  const address = new URL(window.location);
  address.searchParams.set("print", "1");
  return address;
}

// The chart drawn anew at a width for print, dark on white, its note beneath, three pixels for one.
async function savePicture({ chart, file, note }) {
  const width = 1000, scale = 3, edge = 12, size = 13;
  const shown = document.querySelector(`.${CSS.escape(chart)} .js-plotly-plot`);
  if (!shown || !window.Plotly) return;
  const { height } = shown._fullLayout;
  const ink = { color: "#1B2430" };
  const layout = { ...shown.layout, width, height, autosize: false, paper_bgcolor: "#fff", plot_bgcolor: "#fff" };
  for (const part of ["xaxis", "yaxis"]) layout[part] = { ...layout[part], tickfont: { ...layout[part]?.tickfont, ...ink } };
  layout.font = { ...layout.font, ...ink };
  layout.title = { ...layout.title, font: { ...layout.title?.font, ...ink } };
  layout.legend = { ...layout.legend, font: { ...layout.legend?.font, ...ink } };
  const drawn = new Image();
  drawn.src = await window.Plotly.toImage({ data: shown.data, layout }, { format: "png", width, height, scale });
  await drawn.decode();

  const canvas = document.createElement("canvas");
  const paper = canvas.getContext("2d");
  const font = `${size * scale}px ${layout.font.family}`;
  paper.font = font;
  const lines = folded(note, (text) => paper.measureText(text).width <= (width - 2 * edge) * scale);
  canvas.width = (width + 2 * edge) * scale;
  canvas.height = (height + 2 * edge + lines.length * size * 1.5) * scale;
  paper.fillStyle = "#fff";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(drawn, edge * scale, edge * scale);
  paper.font = font;
  paper.fillStyle = "#5B6673";
  lines.forEach((line, n) => paper.fillText(line, edge * scale, (edge + height + (n + 1) * size * 1.5 - 4) * scale));
  canvas.toBlob((content) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content);
    link.download = `${file}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
}

// A text on lines that fit, between words of Latin letters and anywhere in Chinese.
function folded(text, fits) {
  const lines = [""];
  for (const piece of text.match(/[\x21-\x7e]+\s*|[^\x21-\x7e]/g) ?? []) {
    if (!fits(lines.at(-1) + piece)) lines.push("");
    lines[lines.length - 1] += piece;
  }
  return lines.filter((line) => line.trim());
}
