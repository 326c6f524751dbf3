-- What is bought elsewhere. The slice `billing` owns all five tables; who has which plan stands with the plans.

-- What a provider told us, each event once. An event that is done stays, so that a repetition of it is known; its
-- payload, which holds nothing about a person but names that we gave, is forgotten after a while.
create table webhook_events (
    id bigint generated always as identity primary key,
    provider text not null check (provider in ('polar')),
    -- The provider's name for the event, the same in each attempt.
    event_id text not null check (length(event_id) between 1 and 128),
    kind text not null check (length(kind) between 1 and 120),
    status text not null check (status in ('processed', 'ignored', 'deferred', 'failed')),
    -- What is to be said of it beside its status.
    code text check (length(code) <= 64),
    payload text,
    payload_sha256 bytea not null check (length(payload_sha256) = 32),
    -- How often it was tried, and when it is tried again.
    attempts integer not null check (attempts >= 1),
    next_attempt_at timestamptz,
    -- What it waits for, as far as that can be said.
    awaits_user bigint check (awaits_user > 0),
    awaits_customer text,
    awaits_product text,
    told_at timestamptz not null,
    received_at timestamptz not null,
    processed_at timestamptz,
    unique (provider, event_id),
    check ((status in ('processed', 'ignored')) = (processed_at is not null)),
    check (processed_at is null or next_attempt_at is null),
    check (processed_at is not null or payload is not null)
);

create index webhook_events_next_attempt_at on webhook_events (next_attempt_at) where next_attempt_at is not null;
create index webhook_events_open on webhook_events (status, id) where processed_at is null;
create index webhook_events_awaits_user on webhook_events (awaits_user) where awaits_user is not null;
create index webhook_events_awaits_customer on webhook_events (awaits_customer) where awaits_customer is not null;
create index webhook_events_awaits_product on webhook_events (awaits_product) where awaits_product is not null;
create index webhook_events_processed_at on webhook_events (processed_at) where payload is not null;

-- Pages on which somebody may pay.
create table checkouts (
    provider text not null check (provider in ('polar')),
    checkout_id text not null check (length(checkout_id) between 1 and 128),
    discord_id bigint not null references users,
    tier text,
    product_id text,
    status text not null check (status in ('open', 'expired', 'confirmed', 'succeeded', 'failed')),
    url text,
    success_url text,
    expires_at timestamptz not null,
    -- The order of the provider's news, as of an entitlement.
    provider_modified_at timestamptz not null,
    provider_event_at timestamptz not null,
    -- The buyer has come back: it is looked at until it is over, or until then.
    look_at timestamptz,
    look_until timestamptz,
    created_at timestamptz not null,
    primary key (provider, checkout_id),
    check ((look_at is null) = (look_until is null))
);

create index checkouts_discord_id on checkouts (discord_id, created_at);
create index checkouts_look_at on checkouts (look_at) where look_at is not null;

-- What was paid, and given back, in cents.
create table purchases (
    id bigint generated always as identity primary key,
    provider text not null check (provider in ('polar')),
    order_id text not null check (length(order_id) between 1 and 128),
    discord_id bigint not null references users,
    subscription text check (length(subscription) <= 128),
    product_id text check (length(product_id) <= 128),
    status text not null check (status in ('pending', 'failed', 'paid', 'partially_refunded', 'refunded')),
    amount_cents bigint not null check (amount_cents >= 0),
    tax_cents bigint not null check (tax_cents >= 0),
    refunded_cents bigint not null check (refunded_cents >= 0),
    currency text not null check (currency ~ '^[a-z]{3}$'),
    reason text check (length(reason) <= 64),
    invoice text check (length(invoice) <= 64),
    ordered_at timestamptz not null,
    provider_modified_at timestamptz not null,
    provider_event_at timestamptz not null,
    -- Raised by 1 with each event of the purchase.
    version bigint not null check (version >= 1),
    unique (provider, order_id)
);

create index purchases_discord_id on purchases (discord_id, id);

-- Users whose subscriptions are to be compared with what the provider says.
create table looks (
    discord_id bigint primary key references users,
    -- Null: nothing is to be done.
    due_at timestamptz,
    reason text not null check (length(reason) <= 32),
    attempts integer not null default 0,
    looked_at timestamptz
);

create index looks_due_at on looks (due_at) where due_at is not null;

-- Work that all nodes share, each piece done by one of them at its time.
create table billing_rounds (
    name text primary key,
    due_at timestamptz not null
);
