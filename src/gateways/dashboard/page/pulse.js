// How the hub is doing, as it tells everybody once a second, over the last ten seconds so that a quiet hub does not flicker
// between nothing and one.

import { open } from "./live.js";
import { signal } from "./signals.js";

const SECONDS = 10;

/** Reads as the mean of the last seconds, or nothing before the first; `last()` is the newest second. */
export function listenToPulse() {
  const mean = signal(undefined);
  const seconds = [];
  open.listen(["pulse"], {
    hint: ({ kind, data }) => {
      if (kind !== "hub.stats") return;
      seconds.push(data);
      if (seconds.length > SECONDS) seconds.shift();
      const rate = (name) => Number((seconds.reduce((sum, one) => sum + one[name], 0) / seconds.length).toFixed(1));
      const newest = (name) => seconds.findLast((one) => one[name] !== undefined)?.[name];
      mean.set({
        ...data,
        events: rate("events"),
        deliveries: rate("deliveries"),
        latency_p50_us: newest("latency_p50_us"),
        latency_p99_us: newest("latency_p99_us"),
      });
    },
  });
  return Object.assign(() => mean(), { last: () => seconds.at(-1) });
}
