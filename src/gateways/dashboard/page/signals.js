// Values that know who reads them, and elements that follow values: all the reactivity this page has.
//
// `signal(v)` is read by calling it and written by `.set`. `effect(f)` runs f now and again after each change of what it
// read, once a frame of work. Effects belong to the scope in which they were made, and end with it.

let reader;
let owner;
const dirty = new Set();
let planned = false;

export function signal(value) {
  const readers = new Set();
  const read = () => {
    if (reader) {
      readers.add(reader);
      reader.sources.add(readers);
    }
    return value;
  };
  read.peek = () => value;
  read.set = (next) => {
    if (Object.is(next, value)) return;
    value = next;
    wake(readers);
  };
  /** Changes what the value holds in place. */
  read.touch = (change) => {
    change(value);
    wake(readers);
  };
  return read;
}

function wake(readers) {
  for (const one of readers) dirty.add(one);
  if (!planned && dirty.size > 0) {
    planned = true;
    queueMicrotask(settle);
  }
}

function settle() {
  planned = false;
  // An effect may write what another reads; a circle would be a defect, and is cut.
  for (let round = 0; dirty.size > 0 && round < 50; round += 1) {
    const now = [...dirty];
    dirty.clear();
    for (const one of now) one.run();
  }
}

export function effect(act) {
  const self = { sources: new Set(), inner: undefined, run, ended: false };
  function forget() {
    for (const readers of self.sources) readers.delete(self);
    self.sources.clear();
    self.inner?.end();
  }
  function run() {
    if (self.ended) return;
    forget();
    const outer = reader;
    self.inner = scope();
    reader = self;
    try {
      self.inner.in(act);
    } finally {
      reader = outer;
    }
  }
  onEnd(() => {
    self.ended = true;
    dirty.delete(self);
    forget();
  });
  run();
}

/** What is made inside ends together. */
export function scope() {
  const ends = [];
  return {
    in(act) {
      const outer = owner;
      owner = ends;
      try {
        return act();
      } finally {
        owner = outer;
      }
    },
    end() {
      for (const end of ends.splice(0).reverse()) end();
    },
  };
}

/** Runs when the scope that is being filled ends. */
export function onEnd(act) {
  owner?.push(act);
}

/** Reads without being woken. */
export function peek(act) {
  const outer = reader;
  reader = undefined;
  try {
    return act();
  } finally {
    reader = outer;
  }
}

/** An element. Attributes, properties and children that are functions follow what they read. */
export function h(name, props = {}, ...children) {
  const svg = name.startsWith("svg:");
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (typeof value === "function") effect(() => put(element, key, value()));
    else put(element, key, value);
  }
  append(element, children);
  return element;
}

function put(element, key, value) {
  if (key === "style") for (const [name, to] of Object.entries(value)) element.style.setProperty(name, to);
  else if (key === "value" || key === "checked" || key === "disabled") element[key] = value ?? false;
  else if (value === undefined || value === null || value === false) element.removeAttribute(key);
  else element.setAttribute(key, value === true ? "" : value);
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    if (typeof child === "function") follow(element, child);
    else element.append(child);
  }
}

/** The place of a child that changes: between two empty texts, so that it may be several nodes or none. */
function follow(element, child) {
  const [begin, end] = [document.createTextNode(""), document.createTextNode("")];
  element.append(begin, end);
  effect(() => {
    const value = child();
    const nodes = [value].flat(Infinity).filter((node) => node !== undefined && node !== null && node !== false);
    const only = begin.nextSibling;
    // The usual case is a text that changes, and it should cost no node.
    if (nodes.length === 1 && !(nodes[0] instanceof Node) && only.nodeType === 3 && only !== end && only.nextSibling === end) {
      const text = String(nodes[0]);
      if (only.data !== text) only.data = text;
      return;
    }
    while (begin.nextSibling !== end) begin.nextSibling.remove();
    begin.after(...nodes.map((node) => (node instanceof Node ? node : String(node))));
  });
}

/** Keeps one element for each item of a list, by its key; `make(item)` gets a signal of the item. */
export function each(container, items, key, make) {
  const known = new Map();
  effect(() => {
    const list = items();
    const wanted = new Set();
    let place = container.firstChild;
    for (const item of list) {
      const name = key(item);
      wanted.add(name);
      let entry = known.get(name);
      if (entry) {
        entry.item.set(item);
      } else {
        const own = scope();
        const value = signal(item);
        entry = { own, item: value, element: own.in(() => peek(() => make(value))) };
        known.set(name, entry);
      }
      if (entry.element === place) place = place.nextSibling;
      else container.insertBefore(entry.element, place);
    }
    for (const [name, entry] of known) {
      if (wanted.has(name)) continue;
      known.delete(name);
      entry.own.end();
      entry.element.remove();
    }
  });
  onEnd(() => {
    for (const entry of known.values()) entry.own.end();
  });
  return container;
}
