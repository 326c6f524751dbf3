// Runs the suite in Node; tests/browser runs the same in Chromium.

import { describe, test } from "node:test";

import { tests as api } from "./suite/api.mjs";
import { tests as hub } from "./suite/hub.mjs";
import { tests as session } from "./suite/session.mjs";

for (const [name, tests] of Object.entries({ session, hub, api })) {
  describe(name, () => {
    for (const [title, run] of Object.entries(tests)) test(title, run);
  });
}
