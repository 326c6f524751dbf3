-- The index of the log by topic is made behind the log and not by whoever commits: event_topics is whole up to this
-- cursor. Until now every commit wrote its own rows, so it begins at the head.
insert into followers (name, seq) select 'topics', seq from log_head;
