-- Names, what payments have to do with them, and the operator's switch.

-- A name stands for its owner: a payment to it pays them. What became of it is told by payments: the one that bought
-- it, and those over nothing that gave it another owner or record. Owned by the slice names.
create table names (
    id bigint generated always as identity primary key,
    name text not null unique check (name ~ '^[a-z0-9]{1,64}$'),
    -- Addresses of wallets; a wallet is never deleted.
    owner text not null,
    original_owner text not null,
    -- Where the name leads, for programs that ask.
    record text check (length(record) between 1 and 255),
    -- Raised by 1 with each event of the name.
    version bigint not null default 1 check (version >= 1),
    registered_at timestamptz not null,
    updated_at timestamptz not null,
    transferred_at timestamptz
);

create index names_owner on names (owner, name);

alter table payments drop constraint payments_amount_check;
alter table payments drop constraint payments_kind_check;
alter table payments drop constraint payments_metadata_check;
alter table payments
    -- The name that was bought, or got another owner or record.
    add column name text,
    -- The name whose owner was paid, and what stood before its @.
    add column sent_name text,
    add column sent_metaname text,
    add constraint payments_kind_check
        check (kind in ('transfer', 'mined', 'name_purchase', 'name_transfer', 'name_a_record')),
    -- Only what tells of a name moves nothing.
    add constraint payments_amount_check
        check (amount > 0 and kind in ('transfer', 'mined', 'name_purchase')
               or amount = 0 and kind in ('name_transfer', 'name_a_record')),
    add constraint payments_name_check
        check ((name is not null) = (kind in ('name_purchase', 'name_transfer', 'name_a_record'))),
    add constraint payments_sent_check
        check (sent_name is null or kind = 'transfer'),
    add constraint payments_metaname_check
        check (sent_metaname is null or sent_name is not null),
    -- What a payer may write, with the name in front of it that was paid.
    add constraint payments_metadata_check check (length(metadata) <= 512);

create index payments_name on payments (name, id desc) where name is not null;
create index payments_sent_name on payments (sent_name, id desc) where sent_name is not null;

-- Whether wallets may pay. It lies beside the clock's offset, so a transaction reads it with its time.
alter table log_head add column payments_on boolean not null default true;

-- What every client is told when it connects. One row. Owned by gateways/operate.
create table notice (
    one boolean primary key default true check (one),
    motd text not null default 'Welcome!' check (length(motd) <= 512),
    motd_set_at timestamptz not null
);

insert into notice (motd_set_at) values (now());

-- Who plays, by the UUID that the game knows them by. Names change hands, UUIDs do not. Owned by ledger/players.
create table players (
    uuid uuid primary key,
    name text not null check (length(name) between 1 and 16),
    -- When the game last said that this is their name: of two with one name the later has it.
    named_at timestamptz not null,
    created_at timestamptz not null
);

create index players_name on players (lower(name), named_at);

create table player_wallets (
    wallet bigint primary key references wallets,
    player uuid not null references players,
    created_at timestamptz not null
);

create index player_wallets_player on player_wallets (player, wallet);
