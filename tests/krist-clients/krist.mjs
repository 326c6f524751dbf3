// npm `krist`, unmodified: `node krist.mjs URL PRIVATEKEY`.

import { KristApi } from "krist";
import { obey, say } from "./stage.mjs";

const [syncNode, privatekey] = process.argv.slice(2);
const api = new KristApi({ syncNode });
const ws = api.createWsClient({ privatekey, initialSubscriptions: ["transactions", "names"] });

ws.on("ready", (hello) => say({ event: "ready", hello }));
ws.on("transaction", ({ transaction }) => say({ event: "transaction", transaction }));
ws.on("name", ({ name }) => say({ event: "name", name }));
ws.on("wsClose", () => say({ event: "close" }));

obey({
  connect: () => ws.connect(),
  motd: () => api.motd(),
  login: (key) => api.login({ privatekey: key }),
  address: (address) => api.getAddress(address),
  rich: () => api.getRichAddresses({ limit: 5 }),
  transactions: async () => {
    const ids = [];
    await api.paginateTransactions({ limit: 2 }, (page) => {
      ids.push(...page.map(({ id }) => id));
    });
    return ids;
  },
  latest: () => api.getLatestTransactions({ limit: 1 }),
  of: (address) => api.getAddressTransactions(address, { excludeMined: true }),
  supply: () => api.getSupply(),
  work: () => api.getWork(),
  pay: (to, amount, metadata) => api.makeTransaction(to, amount, { privatekey, metadata }),
  register: (name) => api.registerName(name, { privatekey }),
  name: (name) => api.getName(name),
  move: (name, to) => api.transferName(name, to, { privatekey }),
  socketPay: (to, amount) => ws.makeTransaction(to, amount, {}),
  socketMe: () => ws.getMe(),
  socketWork: () => ws.getWork(),
  socketAddress: (address) => ws.getAddress(address),
  socketLevels: () => ws.getSubscriptions(),
  // Its promise never settles when the answer is an error: whoever waits for it waits for ever.
  socketUnsettled: async () => {
    const never = new Promise((resolve) => setTimeout(resolve, 1_000, "unsettled"));
    return Promise.race([ws.getAddress("nonsense").catch(() => "rejected"), never]);
  },
});
