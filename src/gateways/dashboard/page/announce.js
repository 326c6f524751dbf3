// What a screen reader is told: at most one announcement in two seconds, the newest of each subject.

const EVERY_MS = 2000;
const waiting = new Map();
let timer;

export function announce(subject, text) {
  waiting.delete(subject);
  waiting.set(subject, text);
  timer ??= setTimeout(say, 0);
}

function say() {
  timer = undefined;
  const [first] = waiting;
  if (!first) return;
  waiting.delete(first[0]);
  document.getElementById("polite").textContent = first[1];
  timer = setTimeout(say, EVERY_MS);
}

/** A short message for everybody, that goes by itself; one about a failure stays longer. */
export function toast(text, { bad = false } = {}) {
  const box = document.createElement("p");
  box.className = bad ? "toast bad" : "toast";
  box.textContent = bad ? `✕ ${text}` : `✓ ${text}`;
  document.getElementById("toasts").append(box);
  announce("toast", text);
  setTimeout(() => box.remove(), bad ? 9000 : 5000);
}
