// Reading what a view shows: one request at a time, again when it was asked for meanwhile, and again after a while when the
// hub was away. What is read is a snapshot; between two of them events and hints change it.

import { onEnd, signal } from "./signals.js";

/** How long after a failure the next try goes out. */
const AGAIN_MS = 2000;
/** Events come in bundles; what they make old is read once for each. */
const GATHER_MS = 60;

/** No answer, or one that may be another in a moment. */
const passes = (error) => error.status === 0 || error.status === 429 || error.status >= 500;

/**
 * Gives `read()` and `soon()` for some work, until the scope ends. `told` hears of each end of it: nothing when it went well,
 * else the error.
 */
export function reader(work, told = () => {}) {
  let busy = false;
  let wanted = false;
  let ended = false;
  let timer;
  onEnd(() => {
    ended = true;
    clearTimeout(timer);
  });
  const later = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => void read(), ms);
  };
  async function read() {
    if (ended) return;
    if (busy) {
      wanted = true;
      return;
    }
    clearTimeout(timer);
    busy = true;
    wanted = false;
    let fault;
    try {
      await work();
    } catch (error) {
      fault = error;
    }
    busy = false;
    if (ended) return;
    told(fault);
    if (wanted) await read();
    else if (fault && passes(fault)) later(AGAIN_MS);
  }
  return { read, soon: () => later(GATHER_MS), busy: () => busy };
}

/** What stands in `had` is not replaced by what is older. */
const newer = (had, next) => !had || had.version === undefined || next.version === undefined || next.version >= had.version;

/**
 * Rows by their key: `read()` asks for all of them, `put(row)` changes one. An event that comes while they are being read
 * is not undone by the answer, which may be older.
 */
export function rows(fetch, { key = ({ id }) => id, told } = {}) {
  const all = signal(new Map());
  const known = signal(false);
  const absent = signal(false);
  const touched = new Set();
  const write = (map, row) => newer(map.get(key(row)), row) && map.set(key(row), { ...map.get(key(row)), ...row });
  const { read, soon, busy } = reader(
    async () => {
      touched.clear();
      const fresh = await fetch();
      const listed = new Set(fresh.map(key));
      all.touch((map) => {
        for (const id of [...map.keys()]) if (!listed.has(id) && !touched.has(id)) map.delete(id);
        for (const row of fresh) write(map, row);
      });
      known.set(true);
    },
    (error) => {
      absent.set(error?.status === 404);
      told?.(error);
    },
  );
  const put = (row) => {
    touched.add(key(row));
    all.touch((map) => write(map, row));
  };
  void read();
  return { read, soon, busy, put, known, absent, find: (id) => all.peek().get(id), all: () => [...all().values()] };
}
