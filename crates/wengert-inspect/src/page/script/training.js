// The training: its epochs, the curve and the boundary.

function training() {
  const slider = byId("epoch"), frames = [...document.querySelectorAll("#frames figure")];
  if (!slider) return;
  const pick = () => {
    frames.forEach((figure, index) => { figure.hidden = index !== Number(slider.value); });
    const epoch = Number(frames[slider.value].dataset.epoch), marker = byId("marker");
    byId("epoch-said").textContent = "epoch " + epoch;
    if (marker) marker.setAttribute("x1", marker.dataset.left * 1 + marker.dataset.scale * epoch), marker.setAttribute("x2", marker.getAttribute("x1"));
  };
  slider.addEventListener("input", pick);
  slider.value = frames.length - 1;
  pick();
}
