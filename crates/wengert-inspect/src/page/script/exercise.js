// Exercises: which line of a derivation is wrong.

function startExercises() {
  for (const exercise of document.querySelectorAll(".exercise")) {
    const wrong = Number(exercise.dataset.wrong), verdict = exercise.querySelector(".verdict");
    exercise.querySelectorAll("li").forEach((line, index) => {
      const button = document.createElement("button");
      button.append(...line.childNodes);
      button.addEventListener("click", () => {
        const right = index === wrong;
        line.className = right ? "is-wrong" : "is-right";
        verdict.textContent = right ? `Line ${index + 1}: yes, this is the mistake.`
          : index < wrong ? `Line ${index + 1} is right.` : `Line ${index + 1} follows from the lines above it: the mistake is further up.`;
        if (right) exercise.querySelector("details").open = true;
      });
      line.append(button);
    });
  }
}
