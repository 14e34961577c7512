// A chart as PNG: its file, which brings its colours along, drawn by the browser at twice its size.

const SCALE = 2;

function load(source) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("the picture could not be drawn"));
    image.src = source;
  });
}

async function draw(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the picture could not be fetched: ${answer.status}`);
  const image = await load(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(await answer.text())}`);
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth * SCALE;
  canvas.height = image.naturalHeight * SCALE;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
}

for (const button of document.querySelectorAll("[data-png]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const link = document.createElement("a");
    try {
      link.href = await draw(button.dataset.png);
    } catch {
      button.textContent = "The PNG could not be made; the SVG has the same picture.";
      return;
    }
    link.download = button.dataset.name;
    link.click();
  });
}
