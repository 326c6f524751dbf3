-- Premium plans, who has them, and what was used of them. The slice `plans` owns these tables, and `contracts` the last.

create table plans (
    id bigint generated always as identity primary key,
    -- The stable name, on the wire and with providers.
    tier text not null unique check (tier ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    name text not null check (length(name) between 1 and 80),
    description text not null default '' check (length(description) <= 2000),
    benefits text[] not null default '{}' check (cardinality(benefits) <= 50),
    -- Whole dollars, for display.
    monthly_price_usd integer not null default 0 check (monthly_price_usd >= 0),
    monthly_server_minutes integer not null check (monthly_server_minutes >= 0),
    max_session_minutes integer not null check (max_session_minutes >= 1),
    max_concurrent_servers integer not null default 1 check (max_concurrent_servers >= 1),
    discord_role_id text check (discord_role_id ~ '^[1-9][0-9]{0,18}$'),
    -- Of several plans of a user, the highest counts.
    entitlement_priority integer not null default 0,
    display_order integer not null default 0,
    -- How long after `past_due_at` the plan still works.
    grace_days integer not null default 0 check (grace_days between 0 and 90),
    -- Whether it is for sale. What was bought stays.
    is_active boolean not null default true,
    -- Raised by 1 with each event of the plan.
    version bigint not null default 1 check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- What is sold elsewhere as which plan: a month and a year of one plan are two products.
create table plan_products (
    provider text not null check (provider in ('polar', 'comp', 'github_sponsors', 'discord_server_subscription', 'contract')),
    product_id text not null check (length(product_id) between 1 and 128),
    plan_id bigint not null references plans,
    position integer not null,
    primary key (provider, product_id)
);

create index plan_products_plan on plan_products (plan_id, position);

-- What one provider grants to one user. Limits are read from the plan, so a change of a plan is one for everybody.
create table entitlements (
    id bigint generated always as identity primary key,
    discord_id bigint not null references users,
    plan_id bigint not null references plans,
    provider text not null check (provider in ('polar', 'comp', 'github_sponsors', 'discord_server_subscription', 'contract')),
    -- The provider's own name for it.
    reference text not null check (length(reference) between 1 and 128),
    customer text check (length(customer) between 1 and 128),
    status text not null check (status in ('active', 'trialing', 'past_due', 'canceled', 'expired', 'inactive')),
    -- What the provider calls that.
    provider_status text check (length(provider_status) <= 64),
    period_start timestamptz not null,
    period_end timestamptz not null,
    cancel_at_period_end boolean not null default false,
    ends_at timestamptz,
    ended_at timestamptz,
    past_due_at timestamptz,
    paused_at timestamptz,
    resumes_at timestamptz,
    -- The order of the provider's news: what is not newer than this changes nothing.
    provider_modified_at timestamptz,
    provider_event_at timestamptz,
    granted_by text check (length(granted_by) <= 128),
    note text check (length(note) <= 500),
    -- Raised by 1 with each change.
    version bigint not null default 1 check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (provider, reference),
    check (period_end > period_start),
    check ((provider_modified_at is null) = (provider_event_at is null))
);

create index entitlements_discord_id on entitlements (discord_id, id);
create index entitlements_plan on entitlements (plan_id);
create index entitlements_customer on entitlements (provider, customer) where customer is not null;

-- What each user has now, so that it can be told when it changes. The clock looks again at `review_at`: at the next
-- moment at which time alone may change it.
create table standings (
    discord_id bigint primary key references users,
    entitlement_id bigint references entitlements,
    plan_id bigint references plans,
    -- The role that was told to be granted, so that it can be taken back when the plan's is another.
    discord_role_id text,
    review_at timestamptz
);

create index standings_review_at on standings (review_at) where review_at is not null;

-- Minutes held for an open server session, in the window in which it was started.
create table reservations (
    session_id uuid primary key,
    discord_id bigint not null references users,
    entitlement_id bigint not null references entitlements,
    window_start timestamptz not null,
    window_end timestamptz not null,
    requested_minutes integer not null check (requested_minutes >= 1),
    allocated_minutes integer not null check (allocated_minutes >= 1),
    max_session_minutes integer not null check (max_session_minutes >= 1),
    made_at timestamptz not null,
    closed_at timestamptz,
    billed_minutes integer check (billed_minutes between 0 and allocated_minutes),
    check ((closed_at is null) = (billed_minutes is null)),
    check (window_end > window_start)
);

create index reservations_open on reservations (discord_id) where closed_at is null;

-- Minutes used (above 0) and given back (below 0). Rows are added and never changed.
create table usage_ledger (
    id bigint generated always as identity primary key,
    discord_id bigint not null references users,
    entitlement_id bigint not null references entitlements,
    window_start timestamptz not null,
    window_end timestamptz not null,
    minutes integer not null check (minutes <> 0),
    reason text not null check (reason in ('server_session', 'admin_adjustment', 'correction')),
    session_id uuid references reservations,
    -- Makes a repeated adjustment one.
    entry_key text unique check (length(entry_key) between 1 and 128),
    actor text check (length(actor) <= 128),
    note text check (length(note) <= 500),
    at timestamptz not null,
    check ((reason = 'admin_adjustment') = (session_id is null))
);

create unique index usage_ledger_session on usage_ledger (session_id) where reason = 'server_session';
create index usage_ledger_window on usage_ledger (entitlement_id, window_start);
create index usage_ledger_discord_id on usage_ledger (discord_id, id);

create function usage_ledger_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'usage is never changed; add a row that corrects it';
end
$$;

create trigger usage_ledger_is_append_only before update or delete on usage_ledger
    for each row execute function usage_ledger_is_append_only();

-- Which thresholds of a window were told: each is told once.
create table usage_thresholds (
    entitlement_id bigint not null references entitlements,
    window_start timestamptz not null,
    percent integer not null check (percent in (80, 100)),
    primary key (entitlement_id, window_start, percent)
);

insert into plans (tier, name, monthly_price_usd, monthly_server_minutes, max_session_minutes, max_concurrent_servers,
                   entitlement_priority, display_order, created_at, updated_at)
values ('supporter', 'Supporter', 5, 360, 120, 1, 10, 10, clock_timestamp(), clock_timestamp()),
       ('host', 'Host', 12, 1500, 240, 1, 20, 20, clock_timestamp(), clock_timestamp());

-- Contracts whose mapping to a plan has changed, and how far the subscriptions of each were looked at.
create table contract_grants (
    contract_id bigint primary key references contracts,
    after_subscription bigint not null default 0,
    -- Rises when the mapping changes while the subscriptions are looked at.
    generation bigint not null default 0
);
