// What both clients have in common here: they are told what to do by lines of JSON and say what happens by lines of
// JSON. A line that is told has a number; its answer has the same.

import { createInterface } from "node:readline";

export const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

// What an error of either client says of itself.
export const told = (error) => error?.error ?? error?.code ?? error?.name ?? String(error);

export function obey(orders) {
  createInterface({ input: process.stdin })
    .on("line", async (line) => {
      const { n, order, args = [] } = JSON.parse(line);
      try {
        say({ n, done: (await orders[order](...args)) ?? null });
      } catch (error) {
        say({ n, failed: told(error), message: error?.message ?? null });
      }
    })
    .on("close", () => process.exit(0));
}
