-- Contracts and the subscriptions to them. The slice `contracts` owns all four tables.
--
-- A contract is an offer of a wallet; what it costs and when stands in an immutable version, and a subscription points
-- at the version that its wallet agreed to. So a price can't change under a subscriber.
create table contracts (
    id bigint generated always as identity primary key,
    owner text not null references wallets (address),
    status text not null check (status in ('open', 'closed', 'canceled')),
    title text not null check (length(title) between 1 and 64),
    description text check (length(description) between 1 and 255),
    -- Null is no limit.
    max_subscribers integer check (max_subscribers > 0),
    -- Null is everyone.
    allow_list text[] check (cardinality(allow_list) between 1 and 1000),
    -- Raised by 1 with each event of the contract.
    version bigint not null default 1 check (version >= 1),
    -- What new subscribers agree to.
    terms_version bigint not null default 1,
    -- Who has not agreed to the newest terms by then ends at the end of a term.
    consent_by timestamptz,
    -- The subscription up to which the clock has told the subscribers of a change; null when all have been told.
    told bigint check (told >= 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check (terms_version <= version)
);

create index contracts_owner on contracts (owner, id);
create index contracts_status on contracts (status, id);
create index contracts_told on contracts (id) where told is not null;

create table contract_versions (
    contract_id bigint not null references contracts,
    version bigint not null,
    price bigint not null check (price > 0),
    cron_expr text check (length(cron_expr) between 1 and 128),
    period_seconds bigint check (period_seconds between 60 and 315360000),
    period_months integer check (period_months between 1 and 120),
    -- After an outage: one payment for the term that runs now, or one for each term that was missed.
    catch_up text not null check (catch_up in ('one', 'all')),
    created_at timestamptz not null,
    primary key (contract_id, version),
    check (num_nonnulls(cron_expr, period_seconds, period_months) = 1)
);

-- The two tables point at each other, so this is checked at COMMIT.
alter table contracts add constraint contracts_terms
    foreign key (id, terms_version) references contract_versions deferrable initially deferred;

-- One row for each wallet that ever subscribed to a contract. Subscribing again is another run in the same row.
create table subscriptions (
    id bigint generated always as identity primary key,
    contract_id bigint not null references contracts,
    address text not null references wallets (address),
    status text not null check (status in ('active', 'pending', 'canceled')),
    -- Why it was canceled.
    reason text check (reason in ('unsubscribed', 'insufficient_funds', 'contract_canceled', 'not_allowed',
                                  'terms_not_accepted', 'owner_missing', 'subscriber_locked', 'same_wallet',
                                  'revoked_by_operator')),
    run integer not null check (run >= 1),
    term bigint not null check (term >= 1),
    terms_version bigint not null,
    -- Term n ends (n - anchor_term) periods after the anchor, however late a renewal was.
    anchor_at timestamptz not null,
    anchor_term bigint not null check (anchor_term >= 0),
    started_at timestamptz not null,
    term_started_at timestamptz not null,
    -- Until when it is paid; null when it has ended.
    lapsed_at timestamptz,
    -- When the clock looks at it next: at lapsed_at, or later after a failure that was not the subscriber's.
    due_at timestamptz,
    attempts integer not null default 0 check (attempts >= 0),
    cancel_requested_at timestamptz,
    ended_at timestamptz,
    can_unsubscribe boolean not null,
    last_payment bigint not null references payments,
    -- Raised by 1 with each event of the subscription.
    version bigint not null default 1 check (version >= 1),
    unique (contract_id, address),
    foreign key (contract_id, terms_version) references contract_versions,
    check (term > anchor_term or lapsed_at = anchor_at or status = 'canceled'),
    check ((status = 'pending') <= (cancel_requested_at is not null)),
    check (case status when 'canceled' then num_nonnulls(lapsed_at, due_at) = 0 and num_nonnulls(reason, ended_at) = 2
                       else num_nonnulls(lapsed_at, due_at) = 2 and num_nonnulls(reason, ended_at) = 0
                            and due_at >= lapsed_at and lapsed_at > term_started_at end)
);

-- For the clock.
create index subscriptions_due on subscriptions (due_at, id) where due_at is not null;
create index subscriptions_address on subscriptions (address, id);
-- For the cap, for listing subscribers, and for ending them page by page.
create index subscriptions_contract on subscriptions (contract_id, id) where due_at is not null;

-- What was paid for each term. The key makes a second payment for a term impossible.
create table charges (
    subscription_id bigint not null references subscriptions,
    run integer not null,
    term bigint not null,
    payment_id bigint not null unique references payments,
    amount bigint not null check (amount > 0),
    due_at timestamptz not null,
    charged_at timestamptz not null,
    primary key (subscription_id, run, term),
    check (charged_at >= due_at)
);
