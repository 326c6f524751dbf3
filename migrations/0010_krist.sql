-- The Krist door: tickets of websockets. The slice `gateways` owns the table.
--
-- Unlogged: a ticket is worth 30 seconds, and a crash may lose it; its client asks for another. So that thousands of
-- clients who come back at once cost no fsync. Any hub of the database redeems what any other gave out.
create unlogged table krist_tickets (
    hash bytea primary key check (length(hash) = 32),
    -- The wallet whose key or session asked for it; null for a guest.
    address text,
    -- The session that proved it, when it was not a key: its end closes the socket.
    session uuid,
    session_expires timestamptz,
    -- The newest event known when the owner was looked up: a revocation behind it counts.
    checked bigint not null,
    expires_at timestamptz not null,
    check ((session is null) = (session_expires is null)),
    check (session is null or address is not null)
);

create index krist_tickets_expires on krist_tickets (expires_at);

-- The name that a contract was offered under, when it was under one; its owner is paid. Owned by the slice contracts.
create table contract_names (
    contract_id bigint primary key references contracts,
    name text not null check (length(name) between 1 and 64),
    metaname text check (length(metaname) between 1 and 32)
);

create index contract_names_name on contract_names (name, contract_id);

-- Lists without new money subtract how much of it there is.
create index payments_mined on payments (id) where kind = 'mined';
