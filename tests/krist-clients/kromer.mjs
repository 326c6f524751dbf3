// npm `kromer`, unmodified: `node --experimental-websocket kromer.mjs URL PRIVATEKEY`.

import { KromerApi } from "kromer";
import { obey, say } from "./stage.mjs";

const [syncNode, privatekey] = process.argv.slice(2);
const api = new KromerApi({ syncNode });
const ws = api.createWsClient(privatekey, ["transactions", "ownSubscriptions"]);

ws.on("ready", (hello) => say({ event: "ready", hello }));
ws.on("transaction", (transaction) => say({ event: "transaction", transaction }));
ws.on("subscription", (subscription) => say({ event: "subscription", subscription }));
ws.on("close", () => say({ event: "close" }));

obey({
  connect: () => ws.connect(),
  motd: () => api.getMOTD(),
  login: (key) => api.login(key),
  supply: () => api.getSupply(),
  address: (address) => api.addresses.get(address),
  several: (addresses) => api.addresses.lookupAddresses(addresses, false),
  of: (address) => api.addresses.getTransactions(address),
  transactions: () => api.transactions.getAll({ limit: 5 }),
  lookup: (addresses) => api.transactions.lookupTransactions(addresses, { order: "DESC", includeMined: true }),
  withMeta: (id) => api.transactions.getWithMeta(id),
  pay: (to, amount, metadata) => api.transactions.send({ privatekey, to, amount, metadata }),
  register: (name) => api.names.register(name, { privatekey }),
  name: (name) => api.names.get(name),
  names: () => api.names.getAll({}),
  offer: (body) => api.subscriptions.createSubscription({ privatekey, ...body }),
  offers: (query) => api.subscriptions.listSubscriptions(query),
  subscription: (id) => api.subscriptions.getSubscription(id),
  subscribe: (id, key) => api.subscriptions.subscribe(id, key),
  unsubscribe: (id, key) => api.subscriptions.unsubscribe(id, key),
  close: (id) => api.subscriptions.closeSubscription(id, privatekey),
  // Sent as GET, so it can cancel nothing.
  cancel: (id) => api.subscriptions.cancelSubscription(id, privatekey),
  socketMe: () => ws.getMe(),
  socketAddress: (address) => ws.getAddress(address),
  socketLevels: () => ws.getSubscriptions(),
  socketLogin: (key) => ws.login(key),
  socketLogout: () => ws.logout(),
});
