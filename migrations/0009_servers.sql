-- Sessions of game servers, and what is said between the hub and the orchestrator about them. The slice `servers` owns
-- all three tables.
--
-- A heartbeat updates one row in place: no index holds what it changes, and pages keep room for the new version.
create table server_sessions (
    id uuid primary key,
    -- For lists, newest first.
    number bigint generated always as identity unique,
    discord_id bigint not null references users,
    status text not null check (status in ('pending', 'launching', 'running', 'stopping',
                                           'stopped', 'failed', 'expired', 'killed')),
    game_code text not null check (length(game_code) between 1 and 32),
    game text not null check (length(game) between 1 and 80),
    comment text check (length(comment) between 1 and 120),
    launch_source text not null check (launch_source in ('discord_bot', 'website', 'api')),
    -- A JSON object that the asker wants to find again.
    launch_context text check (length(launch_context) between 2 and 4096),
    requested_minutes integer not null check (requested_minutes between 1 and 100000),
    allocated_minutes integer not null check (allocated_minutes >= 1),
    -- Written once: a session has one server.
    orchestrator_id text check (length(orchestrator_id) between 1 and 128),
    orchestrator_state text check (length(orchestrator_state) between 1 and 64),
    server_identifier text check (length(server_identifier) between 1 and 128),
    host text check (length(host) between 1 and 255),
    port integer check (port between 1 and 65535),
    password text check (length(password) between 1 and 80),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    ready_at timestamptz,
    last_heartbeat_at timestamptz not null,
    stop_requested_at timestamptz,
    stop_reason text check (length(stop_reason) between 1 and 80),
    launch_error_code text check (length(launch_error_code) between 1 and 80),
    launch_error_message text check (length(launch_error_message) between 1 and 500),
    ended_at timestamptz,
    billed_minutes integer check (billed_minutes between 0 and allocated_minutes),
    -- When the orchestrator says that the server ended; null while the hub alone says so.
    reported_at timestamptz,
    -- The smallest warning that was given, in minutes before the time limit.
    warned_minutes integer check (warned_minutes between 1 and 60),
    -- Since when its owner has no plan that can be used; only kept when such sessions are to be stopped.
    revoked_at timestamptz,
    -- Raised by 1 with each event that everybody may hear.
    version bigint not null check (version >= 1),
    check (case when status in ('stopped', 'failed', 'expired', 'killed') then num_nonnulls(ended_at, billed_minutes) = 2
                else num_nonnulls(ended_at, billed_minutes, reported_at) = 0 end),
    check (ready_at >= created_at and last_heartbeat_at >= created_at),
    check (status <> 'running' or ready_at is not null)
) with (fillfactor = 70);

-- For the sweep, the live list, and what one user has open.
create index server_sessions_open on server_sessions (number) where ended_at is null;
create index server_sessions_open_discord_id on server_sessions (discord_id, number) where ended_at is null;
create index server_sessions_discord_id on server_sessions (discord_id, number);

-- Which reports of the orchestrator were heard. A repeated one changes nothing; a heartbeat that only says that the
-- server lives has no row.
create table server_reports (
    session_id uuid not null references server_sessions,
    event_id text not null check (length(event_id) between 1 and 128),
    event text not null check (length(event) between 1 and 64),
    processed boolean not null,
    at timestamptz not null,
    primary key (session_id, event_id)
);

create index server_reports_at on server_reports (at);

-- Servers that are to be told to stop, until that is done. A row is written in the transaction that wants it, so a
-- crash between the wish and the call loses nothing.
create table server_stops (
    session_id uuid not null references server_sessions,
    orchestrator_id text not null check (length(orchestrator_id) between 1 and 128),
    reason text not null check (length(reason) between 1 and 80),
    -- Whether no open session waits for the answer: a server that nobody pays for.
    orphan boolean not null,
    attempts integer not null default 0 check (attempts >= 0),
    sent_at timestamptz,
    -- When it is told again; null when there is nothing more to tell.
    due_at timestamptz,
    primary key (session_id, orchestrator_id)
);

create index server_stops_due_at on server_stops (due_at) where due_at is not null;
