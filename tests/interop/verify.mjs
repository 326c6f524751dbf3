// Verifies deliveries with the library `standardwebhooks`: one JSON object a line in, `ok` or the error a line out.
// The library lies in the folder that is the first argument.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const { Webhook } = createRequire(`${process.argv[2]}/`)("standardwebhooks");

for await (const line of createInterface({ input: process.stdin })) {
    const { secret, scheme, body, headers } = JSON.parse(line);
    try {
        new Webhook(secret, scheme === "raw" ? { format: "raw" } : undefined).verify(body, headers);
        console.log("ok");
    } catch (error) {
        console.log(error.name, error.message);
    }
}
