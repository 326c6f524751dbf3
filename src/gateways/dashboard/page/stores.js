// What a view shows of a resource, kept as new as the last event: read once, then changed by what is told.
//
// Events can overtake the answer of a request that was sent before them. Every resource has a version, and an older one
// never replaces a newer one.

import { apiOf, mine, open, wallet as session } from "./live.js";
import { signal } from "./signals.js";

/** How many rows of a history are shown. */
const ROWS_MAX = 50;

const newer = (had, next) => !had || had.version === undefined || next.version === undefined || next.version >= had.version;

/** The line that may listen to a wallet: one's own is heard as its owner. */
const lineOf = (address) => (session.peek()?.address === address ? mine : open);

/** A wallet with its payments and subscriptions. */
export function walletStore(address) {
  const state = signal(undefined);
  const missing = signal(false);
  const payments = signal([]);
  const subscriptions = signal(new Map());
  const api = apiOf(session.peek()?.address === address ? session.peek() : undefined);
  const pay = (list) =>
    payments.set([...new Map([...payments.peek(), ...list].map((one) => [one.id, one])).values()].sort((a, b) => b.id - a.id).slice(0, ROWS_MAX));
  const put = (one) => subscriptions.touch((all) => newer(all.get(one.subscription_id), one) && all.set(one.subscription_id, { ...all.get(one.subscription_id), ...one }));
  const read = async () => {
    const page = await api.get(`wallets/${address}/payments`, { limit: ROWS_MAX });
    pay(page.items ?? page);
    const list = await api.get("subscribers", { address, limit: 100 });
    for (const one of list.items ?? list) put(one);
  };
  lineOf(address).listen(
    [`wallet:${address}`],
    {
      snapshot: ({ data }) => {
        missing.set(data === null);
        if (data && newer(state.peek(), data)) state.set(data);
      },
      "payment.made": ({ data }) => {
        pay([data]);
        const had = state.peek();
        if (!had) return;
        const out = data.from === address;
        const version = out ? data.from_version : data.to_version;
        if (version !== undefined && version <= had.version) return;
        const by = out ? -data.amount : data.amount;
        state.set({ ...had, balance: Number((had.balance + by).toFixed(5)), [out ? "total_out" : "total_in"]: Number(((out ? had.total_out : had.total_in) + data.amount).toFixed(5)), version: version ?? had.version });
      },
      "subscription.*": ({ data }) => data.address === address && put(data),
      "wallet.*": ({ kind, data }) => {
        missing.set(false);
        const had = state.peek();
        if (had && newer(had, data)) state.set({ ...had, locked: kind === "wallet.locked", version: data.version });
        else if (!had) void api.get(`wallets/${address}`).then((fresh) => newer(state.peek(), fresh) && state.set(fresh), () => {});
      },
    },
    { snapshot: true, refresh: () => void read().catch(() => {}) },
  );
  void read().catch(() => {});
  return { state, missing, payments, subscriptions: () => [...subscriptions().values()], refused: () => false, api };
}

/** All contracts that match, by id. */
export function contractsStore() {
  const contracts = signal(new Map());
  const loaded = signal(false);
  const put = (one) => contracts.touch((all) => newer(all.get(one.contract_id), one) && all.set(one.contract_id, { ...all.get(one.contract_id), ...one }));
  const read = async () => {
    let after;
    // A shop has dozens of contracts; what is beyond a thousand is found by its address.
    for (let page = 0; page < 10; page += 1) {
      const { items, next } = await open.api.get("contracts", { limit: 100, after_id: after });
      items.forEach(put);
      if (!next) break;
      after = next;
    }
    loaded.set(true);
  };
  open.listen(["contracts"], { "contract.*": ({ data }) => put(data.contract) }, { refresh: () => void read().catch(() => {}) });
  void read().catch(() => {});
  return { loaded, all: () => [...contracts().values()] };
}

/** One contract with its subscriptions. */
export function contractStore(id) {
  const contract = signal(undefined);
  const missing = signal(false);
  const subscribers = signal(new Map());
  const put = (one) => newer(contract.peek(), one) && contract.set({ ...contract.peek(), ...one });
  const subscribe = (one) => subscribers.touch((all) => newer(all.get(one.subscription_id), one) && all.set(one.subscription_id, { ...all.get(one.subscription_id), ...one }));
  const api = apiOf(session.peek());
  const read = async () => {
    const fresh = await api.get(`contracts/${id}`);
    // Its owner sees more than the snapshot tells.
    contract.set({ ...contract.peek(), ...fresh });
    const page = await api.get(`contracts/${id}/subscribers`, { limit: 100 });
    for (const one of page.items ?? []) subscribe(one);
  };
  const failed = (error) => error.status === 404 && missing.set(true);
  open.listen(
    [`contract:${id}`],
    {
      "contract.*": ({ data }) => put(data.contract),
      "subscription.*": ({ data }) => {
        subscribe(data);
        void api.get(`contracts/${id}`).then(put, () => {});
      },
      revoked: ({ topics }) => topics.includes(`contract:${id}`) && missing.set(true),
    },
    { refresh: () => void read().catch(failed) },
  );
  void read().catch(failed);
  return { contract, missing, subscribers: () => [...subscribers().values()], api };
}
