-- The log: every committed change as an event, numbered densely in commit order.
--
-- log_head is one row. Whoever raises seq holds its lock until COMMIT, so events become visible in the order of
-- their numbers and a rollback gives its numbers back: a reader asks for seq > x and can never miss one.
-- payment_id lives in the same row for the same reason: payments become visible in rising order.
-- The row is updated by every transaction: a low fillfactor keeps the updates on one page, and a vacuum threshold
-- of its own keeps the dead versions few.
create table log_head (
    one boolean primary key default true check (one),
    -- Part of the epoch: another history has another row.
    history uuid not null default gen_random_uuid(),
    seq bigint not null default 0 check (seq >= 0),
    -- Events up to and including this one are no longer kept.
    floor bigint not null default 0 check (floor between 0 and seq),
    payment_id bigint not null default 0 check (payment_id >= 0),
    -- Decimals of the currency, written at the first start: a hub with another setting would multiply all money.
    money_scale smallint check (money_scale between 0 and 5),
    -- What the test clock of `serve --dev` is ahead, in milliseconds. 0 in earnest.
    clock_offset_ms bigint not null default 0 check (clock_offset_ms >= 0)
) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

insert into log_head default values;

-- Both are partitioned by the same ranges of seq. The hub makes the partitions two ahead and drops them when the
-- newest event in them is older than the retention.
create table events (
    seq bigint primary key,
    at timestamptz not null,
    kind text not null,
    topics text[] not null,
    data text not null
) partition by range (seq);

-- One row for each topic of each event except `payments`: that one is most of the log and is read by seq.
create table event_topics (
    topic text not null,
    seq bigint not null,
    primary key (topic, seq)
) partition by range (seq);

-- What a command answered, by the hash of who asked and the key they gave: a repeated request gets this answer.
create table request_keys (
    key bytea primary key check (length(key) = 32),
    -- Hash of the request: the same key with another request is a mistake of the client.
    fingerprint bytea not null check (length(fingerprint) = 32),
    outcome text not null,
    at timestamptz not null
);

-- For the purge.
create index request_keys_at on request_keys (at);

-- How far each follower has come. The row moves in the transaction of the follower's own work.
create table followers (
    name text primary key,
    seq bigint not null check (seq >= 0)
);
