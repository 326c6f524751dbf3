-- Who may ask: sessions of wallets, keys of programs, tickets of browsers. No secret is stored, only its SHA-256:
-- the secrets are random and long, so a fast hash can't be searched, and a leaked dump opens nothing.

-- A session outlives its tokens: refreshing gives it a new one, and the one before works for a minute more.
create table sessions (
    id uuid primary key,
    token_hash bytea not null unique check (length(token_hash) = 32),
    previous_hash bytea unique check (length(previous_hash) = 32),
    previous_until timestamptz,
    address text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    user_agent text check (length(user_agent) <= 256)
);

create index sessions_address on sessions (address, created_at);
create index sessions_expires_at on sessions (expires_at);

create table service_keys (
    id uuid primary key,
    key_hash bytea not null unique check (length(key_hash) = 32),
    name text not null check (length(name) between 1 and 64),
    scopes text[] not null check (cardinality(scopes) > 0),
    created_at timestamptz not null,
    revoked_at timestamptz
);

-- A ticket opens one websocket from a browser, which can't set headers.
create table tickets (
    ticket_hash bytea primary key check (length(ticket_hash) = 32),
    -- The session or key that asked for it: ended with it.
    session_id uuid references sessions on delete cascade,
    key_id uuid references service_keys on delete cascade,
    expires_at timestamptz not null,
    check (num_nonnulls(session_id, key_id) = 1)
);

create index tickets_expires_at on tickets (expires_at);
