-- Wallets and payments. All amounts are whole minor units.
--
-- Every payment has two sides, and new money comes from a wallet whose balance may go below zero: the sum of all
-- balances is 0 at every commit, and `tollbell verify-ledger` checks it.
create table wallets (
    id bigint generated always as identity primary key,
    address text not null unique check (address ~ '^(k[a-z0-9]{9}|serverwelf)$'),
    balance bigint not null default 0,
    -- How far the balance may fall: 0, or far below for the system's own wallet.
    floor bigint not null default 0 check (floor <= 0),
    total_in bigint not null default 0 check (total_in >= 0),
    total_out bigint not null default 0 check (total_out >= 0),
    -- Raised by 1 for each change that an event tells of.
    version bigint not null default 1 check (version >= 1),
    -- A locked wallet can't log in and can't pay; it still receives.
    locked boolean not null default false,
    -- Keyed hash of Krist's verifier. Null until somebody logs in with the private key.
    verifier bytea check (length(verifier) = 32),
    created_at timestamptz not null,
    constraint wallets_balance_floor check (balance >= floor)
-- Every payment updates two wallets and no index: room on the page keeps the new versions there.
) with (fillfactor = 50);

insert into wallets (address, floor, created_at) values ('serverwelf', -4611686018427387904, now());

-- Ids come from log_head, so they become visible in rising order.
create table payments (
    id bigint primary key,
    payer bigint not null references wallets,
    payee bigint not null references wallets,
    amount bigint not null check (amount > 0),
    kind text not null check (kind in ('transfer', 'mined')),
    metadata text check (length(metadata) <= 255),
    -- The client's own name for this payment, unique to the payer: asked for again, it is this payment.
    request_id text check (length(request_id) between 1 and 64),
    at timestamptz not null,
    -- The wallets' versions that this payment made.
    payer_version bigint not null,
    payee_version bigint not null,
    check (payer <> payee)
);

create index payments_payer on payments (payer, id desc);
create index payments_payee on payments (payee, id desc);
create unique index payments_request_id on payments (payer, request_id) where request_id is not null;

-- Which secret the verifiers are made with. A hub with another one would refuse every private key.
create table verifier_secret (
    one boolean primary key default true check (one),
    fingerprint bytea not null check (length(fingerprint) = 32)
);
