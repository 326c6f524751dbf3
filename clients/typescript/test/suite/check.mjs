// The few assertions that tests need which run in Node and in a browser.

const text = (value) => JSON.stringify(value) ?? String(value);

export function equal(got, expected, about = "") {
  if (text(got) !== text(expected)) throw new Error(`${about} got ${text(got)}, expected ${text(expected)}`);
}

export function ok(value, about = "it is not so") {
  if (!value) throw new Error(about);
}

export async function rejects(promise, judge = () => true) {
  const error = await promise.then(
    () => undefined,
    (error) => error,
  );
  if (!error) throw new Error("it did not fail");
  if (!judge(error)) throw error;
  return error;
}

/** Waits until `happened` gives something. */
export async function until(happened, ms = 10_000) {
  const end = performance.now() + ms;
  for (;;) {
    const value = await happened();
    if (value) return value;
    if (performance.now() > end) throw new Error(`it did not happen within ${ms} ms: ${happened}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
