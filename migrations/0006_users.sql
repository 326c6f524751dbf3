-- People, by the id that Discord gave them, and what they prove who they are with. The slice `auth` owns all four tables.

-- A row is a person who signed in with Discord, or for whom a program of the operator's vouched: "linked". Rows are
-- never deleted: usage and entitlements refer to them for good.
create table users (
    discord_id bigint primary key check (discord_id > 0),
    username text not null check (length(username) <= 100),
    display_name text check (length(display_name) <= 100),
    email text check (length(email) between 3 and 320),
    -- Discord's hash of the picture.
    avatar text check (length(avatar) <= 128),
    -- Raised by 1 with each event of the user.
    version bigint not null default 1 check (version >= 1),
    linked_at timestamptz not null,
    updated_at timestamptz not null
);

-- Whose a wallet is, proven by its private key. A wallet has one user, a user many wallets. The table of wallets
-- belongs to another slice, so the address stands for itself.
create table user_wallets (
    address text primary key,
    discord_id bigint not null references users,
    linked_at timestamptz not null
);

create index user_wallets_discord_id on user_wallets (discord_id, address);

-- Tokens of users: issued by a service key, or a browser's cookie after a sign-in.
create table user_sessions (
    id uuid primary key,
    token_hash bytea not null unique check (length(token_hash) = 32),
    discord_id bigint not null references users,
    -- The key that issued it; null is a browser that signed in. Revoking the key ends what it issued.
    issued_by uuid references service_keys,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    user_agent text check (length(user_agent) <= 256)
);

create index user_sessions_discord_id on user_sessions (discord_id, created_at);
create index user_sessions_issued_by on user_sessions (issued_by) where issued_by is not null;
create index user_sessions_expires_at on user_sessions (expires_at);

-- A sign-in on its way to Discord and back. It belongs to one browser, which holds the text behind `browser_hash`.
create table sign_ins (
    state_hash bytea primary key check (length(state_hash) = 32),
    browser_hash bytea not null check (length(browser_hash) = 32),
    return_to text not null check (length(return_to) <= 1024),
    expires_at timestamptz not null
);

create index sign_ins_expires_at on sign_ins (expires_at);

alter table tickets
    add column user_session_id uuid references user_sessions on delete cascade,
    drop constraint tickets_check,
    add constraint tickets_check check (num_nonnulls(session_id, key_id, user_session_id) = 1);
