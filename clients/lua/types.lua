---@meta
-- The shapes of events, requests and answers, for editors. Written by `clients/types/generate`: do not edit.

--- What to agree to.
---@class tollbell.AcceptBody
---@field contract_version? integer|nil The `contract_version` of the terms that were read; other terms are refused.

--- The answer of the access check: whether a user may start a server session, with what, and until when. Every key is always there.
---@class tollbell.AccessView
---@field active boolean Whether the user has a plan that can be used now.
---@field active_session? any|nil The newest open server session.
---@field available_server_minutes integer Minutes neither used nor held: what a session that starts now may get.
---@field cancel_at_period_end boolean Whether it ends with the period.
---@field ends_at? string|nil When it ends; null when it goes on.
---@field entitlements tollbell.EntitlementView[] Everything that can be used, the best first.
---@field grace_until? string|nil Until when it works although a payment failed.
---@field max_concurrent_servers integer Sessions that may be open at once.
---@field max_session_minutes integer Minutes of one session at the most.
---@field monthly_server_minutes integer Minutes in each window.
---@field open_sessions any[] All open server sessions, the newest first.
---@field period_end? string|nil When the period that was paid for ends.
---@field period_start? string|nil When the period that was paid for began.
---@field plan? string|nil The plan's name for people.
---@field provider? tollbell.Provider|nil Where it comes from.
---@field remaining_server_minutes integer Minutes not used.
---@field renews_at? string|nil When it is paid anew; null when it is not.
---@field reserved_server_minutes integer Minutes held for open sessions.
---@field status? tollbell.Status|nil How it stands with its provider.
---@field tier? string|nil The plan's stable name.
---@field usage_window_end? string|nil When the minutes are new again.
---@field usage_window_start? string|nil When the window began in which minutes are counted now.
---@field used_server_minutes integer Minutes used in this window.

--- An operator did something.
---@class tollbell.Acted
---@field action string What: a noun, a dot and a verb, as in `wallet.lock`.
---@field by string Who: the public name of a service key, or `console` for a command on the host.
---@field detail any More about it; each action has its own.
---@field name string What that key is called.
---@field target string To what: an address, an id, a name.

--- Minutes to give or to take.
---@class tollbell.AdjustBody
---@field entitlement_id? integer|nil Whose minutes; those of the user's plan when absent.
---@field entry_key? string|nil Names the entry, 1 to 128 characters: the same key is the same entry. Made when absent.
---@field minutes integer Below 0 for minutes that are given, above 0 for minutes that are taken; at most 100,000 either way.
---@field reason string Why, 1 to 500 characters.

--- An adjustment.
---@class tollbell.AdjustedView
---@field discord_user_id string Whose.
---@field duplicate boolean Whether it was there before.
---@field entitlement tollbell.AccessView What the user has now.
---@field entry_key string The entry's name.
---@field window_start string When the window began in which it counts.

--- What does not fit: told to the operator, and no reason to refuse a report.
---@alias tollbell.Anomaly "other_server"|"failed_after_ready"|"impossible_runtime"

--- A subscription after it was changed.
---@class tollbell.BoughtAnswer
---@field subscription tollbell.BoughtView The subscription.

--- A subscription that was bought.
---@class tollbell.BoughtView
---@field cancel_at_period_end boolean Whether it ends then.
---@field period_end string Until when it is paid.
---@field status tollbell.Status How it stands.
---@field subscription_id string The provider's name for it.
---@field tier string The plan that it gives now.

--- What is paid when renewals were held up for longer than a term.
---@alias tollbell.CatchUp "one"|"all"

--- Which plan to have instead.
---@class tollbell.ChangePlanBody
---@field owner_discord_id? string|nil Whose; programs must say, users need not.
---@field product_id? string|nil Which of the plan's products; by default the first.
---@field tier string The plan.
---@field when? tollbell.When When it begins.

--- A charge on the wire.
---@class tollbell.ChargeView
---@field amount number How much.
---@field charged_at string When it was paid.
---@field due_at string When it was due.
---@field payment_id integer The payment.
---@field run integer In which run.
---@field term integer For which term of it.

--- Whether a name can be bought.
---@class tollbell.CheckView
---@field available boolean Whether nobody owns it.
---@field name string The name, without its suffix.
---@field price number What a name costs.

--- A checkout.
---@class tollbell.CheckoutAnswer
---@field checkout_id string The provider's name for it.
---@field discord_user_id string Who.
---@field expires_at string Until when it can be paid.
---@field status tollbell.CheckoutStatus How it stands. `confirmed` means that the buyer pressed pay, `succeeded` that it is paid.
---@field tier? string|nil For which plan; null when it is sold as none.
---@field url? string|nil Where its page is.

--- What to buy.
---@class tollbell.CheckoutBody
---@field owner_discord_id? string|nil For whom; programs must say, users need not.
---@field product_id? string|nil Which of the plan's products, such as the one for a year; by default the first.
---@field success_url? string|nil Where to go afterwards; `{CHECKOUT_ID}` is filled in.
---@field tier string The plan.

--- A checkout was opened, or became something else.
---@class tollbell.CheckoutChanged
---@field checkout tollbell.CheckoutView The checkout after it.

--- How a checkout stands. Of two news with one place in the provider's order, the later status here is the newer one.
---@alias tollbell.CheckoutStatus "open"|"confirmed"|"expired"|"failed"|"succeeded"

--- A page on which a user can pay, and what became of it.
---@class tollbell.CheckoutView
---@field checkout_id string The provider's name for it.
---@field discord_user_id string Who.
---@field expires_at string Until when it can be paid.
---@field status tollbell.CheckoutStatus How it stands. `confirmed` means that the buyer pressed pay, `succeeded` that it is paid.
---@field tier? string|nil For which plan; null when it is sold as none.
---@field url? string|nil Where its page is.

--- The test clock was moved.
---@class tollbell.ClockAdvanced
---@field by string Who moved it: the name of a service key.
---@field offset_s integer How far the clock is ahead of the database's own, in seconds.

--- How far to move the test clock.
---@class tollbell.ClockBody
---@field advance_s integer Seconds, 1 to 315,360,000 (ten years). The clock never goes back.

--- Where the test clock stands.
---@class tollbell.ClockView
---@field now string The time it shows.
---@field offset_s integer How far it is ahead of the database's own clock, in seconds.

--- A gift.
---@class tollbell.CompBody
---@field auto_renew? boolean Whether its minutes are new each month until `expires_at`.
---@field expires_at? string|nil When a gift that goes on by itself ends.
---@field months? integer|nil How many months it lasts, 1 to 120; or `period_end`, or `expires_at`.
---@field note? string|nil Why, at most 500 characters.
---@field period_end? string|nil When it ends; or `months`, or `expires_at`.
---@field period_start? string|nil When it begins; now when absent.
---@field ref? string|nil Names the gift, so that giving it again changes nothing; made when absent.
---@field tier string The plan.

--- A plan that an operator gave.
---@class tollbell.CompView
---@field cancel_at_period_end boolean Whether it ends with the period.
---@field ended_at? string|nil When it ended.
---@field ends_at? string|nil When it will end.
---@field grace_until? string|nil Until when it can be used although a payment failed.
---@field id integer Its number.
---@field note? string|nil Why it was granted, if somebody said so.
---@field past_due_at? string|nil When a payment failed.
---@field paused_at? string|nil When it was paused.
---@field period_end string When its period ends.
---@field period_start string When its period began.
---@field plan string The plan's name for people.
---@field provider tollbell.Provider Where it comes from.
---@field provider_status? string|nil What the provider calls that.
---@field ref string The provider's name for it.
---@field resumes_at? string|nil When it goes on.
---@field status tollbell.Status How it stands.
---@field tier string The plan.
---@field version integer Rises by 1 with each change.
---@field discord_user_id string Whose it is.
---@field ended boolean Whether it is over: it was ended, or its time has come.
---@field granted_by? string|nil Who said so last: the public name of a service key.

--- What a comparison came to.
---@class tollbell.ComparedView
---@field drift tollbell.Drift[] What differed, and was repaired.

--- A page of gifts.
---@class tollbell.Comps
---@field comps tollbell.CompView[] The gifts, newest first.
---@field next? integer|nil The `before` of the next page; null on the last one.

--- One connection.
---@class tollbell.ConnectionView
---@field caller? any|nil Who speaks, as in `welcome`; null for a guest.
---@field id string Its name, which stands in its `welcome`.
---@field live boolean Whether it is handed what comes; else it reads on at its own pace.
---@field peer string Where it comes from.
---@field position integer Everything it listens to up to here was handed to its socket.
---@field queued_bytes integer Bytes that its socket has not accepted.
---@field topics string[] What it listens to.

--- The connections of one node.
---@class tollbell.ConnectionsView
---@field connections tollbell.ConnectionView[] At most 200 of them: those that are behind first, then the newest.
---@field head integer The newest event of this node.
---@field topics tollbell.TopicView[] The 100 topics that most listen to.
---@field total integer How many there are.

--- The data of `contract.*`.
---@class tollbell.ContractChanged
---@field changed string[] The fields that are no longer what they were.
---@field contract tollbell.PublicContract The contract after the change, as everybody may see it.

--- Whether a contract can be subscribed to.
---@alias tollbell.ContractStatus "open"|"closed"|"canceled"

--- A contract as one caller may see it.
---@class tollbell.ContractView
---@field cron_expr? string|nil At each occurrence of this cron expression of five fields, in UTC.
---@field period_months? integer|nil Every so many months, on the day of the first or the last one of a shorter month.
---@field period_seconds? integer|nil Every so many seconds.
---@field address string Who is paid.
---@field catch_up tollbell.CatchUp What is paid when renewals were held up for longer than a term.
---@field contract_id integer Its number.
---@field created_at string When it was made.
---@field description? string|nil What its owner says of it. Of a restricted contract only those see it who may subscribe.
---@field max_subscribers? integer|nil How many may be subscribed at once; null is any number.
---@field price number What a term costs.
---@field require_consent_by? string|nil Subscribers who have not agreed to the newest terms end with the first term that ends at this time or later.
---@field restricted boolean Whether it is for an allow list only.
---@field status tollbell.ContractStatus Whether it can be subscribed to.
---@field terms_version integer The version that brought the price and the schedule.
---@field title string What its owner calls it.
---@field updated_at string When it was changed last.
---@field version integer Raised by 1 with each event of the contract; also the `ETag`.
---@field allow_list? string[]|nil Who may subscribe; null is everybody, and what others than the owner see.
---@field eligible? boolean|nil Whether the caller's wallet may subscribe as far as the allow list is concerned; null without one.
---@field next_occurrence? string|nil When the terms of a cron expression end next.
---@field subscribers integer How many are subscribed; counted up to 10,000.

--- How many are connected.
---@class tollbell.CountView
---@field count integer Websockets of this node.

--- A contract to offer.
---@class tollbell.CreateBody
---@field cron_expr? string|nil Five fields, in UTC: minute, hour, day of the month, month, day of the week.
---@field period_months? integer|nil 1 to 120, counted from the day of subscribing.
---@field period_seconds? integer|nil 60 to 315,360,000.
---@field allow_list? string[]|nil Who may subscribe, at most 1,000 wallets; absent or empty is everybody.
---@field catch_up? tollbell.CatchUp|nil What is paid when renewals were held up for longer than a term. Default `one`.
---@field description? string|nil 1 to 255 characters.
---@field max_subscribers? integer|nil How many may be subscribed at once; absent is any number.
---@field price number What a term costs.
---@field title string 1 to 64 characters.

--- A wallet that was made for a player.
---@class tollbell.Created
---@field address string The address.
---@field privatekey string The private key. It is not stored: this is the only time it is shown.

--- What is wrong with one field.
---@class tollbell.Detail
---@field field string The field's path in the body, such as `allow_list[2]`, or the name of a parameter.
---@field message string What it should be.

--- What differed from what a provider says, and was repaired.
---@alias tollbell.Drift table|table|table

--- The data of `ops.drift`.
---@class tollbell.DriftFound
---@field provider tollbell.Provider Who says otherwise.

--- What to change about a contract; what is absent stays.
---@class tollbell.EditBody
---@field cron_expr? string|nil Five fields, in UTC: minute, hour, day of the month, month, day of the week.
---@field period_months? integer|nil 1 to 120, counted from the day of subscribing.
---@field period_seconds? integer|nil 60 to 315,360,000.
---@field allow_list? string[]|nil Who may subscribe; null or empty for everybody. Who is no longer on it ends with the term.
---@field catch_up? tollbell.CatchUp|nil What is paid when renewals were held up for longer than a term.
---@field description? string|nil 1 to 255 characters; null for none.
---@field max_subscribers? integer|nil How many may be subscribed at once; null for any number. Nobody is put out.
---@field price? number|nil What a term costs. Subscribers pay no more than they agreed to; less from their next term on.
---@field require_consent_by? string|nil Subscribers who have not agreed to the newest terms end with the first term that ends then or later; null for never.
---@field status? tollbell.ContractStatus|nil `closed` and `open` as often as wanted; `canceled` once, and for good.
---@field title? string|nil 1 to 64 characters.
---@field version? integer|nil The version that the change is meant for; the same as `If-Match`.

--- Why a subscription ended.
---@alias tollbell.EndReason "unsubscribed"|"insufficient_funds"|"contract_canceled"|"not_allowed"|"terms_not_accepted"|"owner_missing"|"subscriber_locked"|"same_wallet"|"revoked_by_operator"

--- How many sessions ended.
---@class tollbell.Ended
---@field revoked integer The number.

--- What a user has from a provider.
---@class tollbell.EntitlementBody
---@field cancel_at_period_end? boolean Whether it ends with the period. Else news of its renewal are awaited for an hour.
---@field months? integer|nil How many months it lasts, 1 to 120; or `period_end`.
---@field note? string|nil Why, at most 500 characters.
---@field past_due_at? string|nil When a payment failed, for `past_due`.
---@field period_end? string|nil When the period ends; or `months`.
---@field period_start? string|nil When the period began; now, or what it was before, when absent.
---@field product_id? string|nil The provider's product that is sold as the plan; or `tier`.
---@field status? string|nil How it stands; `active` when absent. A state that is none of the list grants nothing.
---@field tier? string|nil The plan; or `product_id`.

--- What a user has is no longer what it was.
---@class tollbell.EntitlementChanged
---@field changed? tollbell.EntitlementView|nil The entitlement that changed; null when it was time alone that changed what the user has.
---@field discord_user_id string Whose.
---@field entitlement tollbell.AccessView What the user has now, as the access check answers it; open sessions are told by their own events.

--- What one provider grants to one user.
---@class tollbell.EntitlementView
---@field cancel_at_period_end boolean Whether it ends with the period.
---@field ended_at? string|nil When it ended.
---@field ends_at? string|nil When it will end.
---@field grace_until? string|nil Until when it can be used although a payment failed.
---@field id integer Its number.
---@field note? string|nil Why it was granted, if somebody said so.
---@field past_due_at? string|nil When a payment failed.
---@field paused_at? string|nil When it was paused.
---@field period_end string When its period ends.
---@field period_start string When its period began.
---@field plan string The plan's name for people.
---@field provider tollbell.Provider Where it comes from.
---@field provider_status? string|nil What the provider calls that.
---@field ref string The provider's name for it.
---@field resumes_at? string|nil When it goes on.
---@field status tollbell.Status How it stands.
---@field tier string The plan.
---@field version integer Rises by 1 with each change.

--- Why minutes stand in the ledger.
---@alias tollbell.EntryReason "server_session"|"admin_adjustment"|"correction"

--- An entry of the ledger.
---@class tollbell.EntryView
---@field at string When it was added.
---@field entitlement_id integer What of.
---@field id integer Its number.
---@field minutes integer Used, or below zero given back.
---@field note? string|nil What was said of it.
---@field reason tollbell.EntryReason Why.
---@field session_id? string|nil The server session, if it was one.
---@field window_end string When its window ends.
---@field window_start string When its window began.

--- The body of every failed request.
---@class tollbell.ErrorBody
---@field error tollbell.ErrorContent What went wrong.

--- The content of [`ErrorBody`].
---@class tollbell.ErrorContent
---@field code string Stable; programs branch on it.
---@field details tollbell.Detail[] The fields at fault; empty when no field is.
---@field message string For people; it may change.

--- An event, the same on all doors.
---@class tollbell.EventObject
---@field at string When it was committed.
---@field data any What it says; the AsyncAPI document has the shape of each kind.
---@field kind string What happened.
---@field seq integer Its number in the log: dense, rising, in commit order.
---@field topics string[] The topics it belongs to.
---@field type string Always `event`.

--- A page of events.
---@class tollbell.EventPage
---@field epoch string The history that the numbers count in.
---@field events tollbell.EventObject[] The events, in order.
---@field head integer The newest event.
---@field next integer Ask for the next page with this as `since`.

--- How far news are that arrived.
---@alias tollbell.EventStatus "processed"|"ignored"|"deferred"|"failed"

--- The body of every failed request.
---@class tollbell.FailureBody
---@field code string Stable; programs branch on it.
---@field details tollbell.Detail[] The fields at fault, or what else a program needs to know; empty when there is nothing.
---@field message string For people; it may change.
---@field success boolean Always false.

--- A subscription that the operator makes.
---@class tollbell.ForceBody
---@field address string Who pays.
---@field contract_id integer To what.

--- The games that can be played.
---@class tollbell.GamesBody
---@field games any[] As the orchestrator lists them.
---@field stale? boolean Present when a newer list could not be had.

--- Who gets a name.
---@class tollbell.GiveBody
---@field to string The new owner's address.

--- A sign of life.
---@class tollbell.HeartbeatBody
---@field server_identifier? string|nil What the server is called now; cut to 128 characters.

--- A token to issue.
---@class tollbell.IssueBody
---@field avatar? string|nil Discord's hash of their picture, at most 128 characters.
---@field display_name? string|nil What they want to be called, at most 100 characters.
---@field email? string|nil Their address, 3 to 320 characters with an @.
---@field username? string|nil Discord's unique name, at most 100 characters.
---@field ttl_s? integer|nil How long it is valid: 60 to 2,592,000 seconds; a day when absent.

--- A private key.
---@class tollbell.KeyBody
---@field privatekey string The private key of the wallet that acts.

--- Who had a session started.
---@alias tollbell.LaunchSource "discord_bot"|"website"|"api"

--- How much a plan gives.
---@class tollbell.Limits
---@field max_concurrent_servers integer Server sessions that may be open at once.
---@field max_session_minutes integer Minutes of one server session at the most.
---@field monthly_server_minutes integer Minutes in each window, which is a month or the period when that is shorter.

--- What proves that a wallet is the caller's.
---@class tollbell.LinkBody
---@field privatekey string The wallet's private key. It is not kept.

--- A wallet of a user.
---@class tollbell.LinkedWallet
---@field address string Its address.
---@field linked_at string When it was linked.

--- What to change about a wallet.
---@class tollbell.LockBody
---@field locked boolean Whether it can't log in and can't pay.

--- A private key.
---@class tollbell.LoginBody
---@field privatekey string The wallet's private key, 1 to 512 bytes, used as it is.

--- New money.
---@class tollbell.MintBody
---@field address string Who gets it.
---@field amount number How much.

--- What a user has.
---@class tollbell.MyAccess
---@field entitlement tollbell.AccessView The answer of the access check.

--- The data of all events of names.
---@class tollbell.NameChanged
---@field name string The name, without its suffix.
---@field original_owner string Who bought it.
---@field owner string Whose it is.
---@field record? string|nil Where it leads.
---@field registered_at string When it was bought.
---@field transferred_at? string|nil When it got another owner, if it did.
---@field updated_at string When it got its owner or its record.
---@field version integer Raised by 1 with each event of the name; also the `ETag`.
---@field payment_id? integer|nil The payment that tells of it, which comes right before this event; null for an import.
---@field previous_owner? string|nil Whose it was, when it has another owner.

--- A name after a change, and the payment that tells of it.
---@class tollbell.NameDoneView
---@field name string The name, without its suffix.
---@field original_owner string Who bought it.
---@field owner string Whose it is.
---@field record? string|nil Where it leads.
---@field registered_at string When it was bought.
---@field transferred_at? string|nil When it got another owner, if it did.
---@field updated_at string When it got its owner or its record.
---@field version integer Raised by 1 with each event of the name; also the `ETag`.
---@field payment? tollbell.PaymentMade|nil The payment; null when nothing changed.

--- A name on the wire.
---@class tollbell.NameView
---@field name string The name, without its suffix.
---@field original_owner string Who bought it.
---@field owner string Whose it is.
---@field record? string|nil Where it leads.
---@field registered_at string When it was bought.
---@field transferred_at? string|nil When it got another owner, if it did.
---@field updated_at string When it got its owner or its record.
---@field version integer Raised by 1 with each event of the name; also the `ETag`.

--- What only the operator is told.
---@class tollbell.NodePulse
---@field behind integer Connections that are not live now.
---@field groups integer Sets of connections with equal interest now.
---@field head integer The newest event that it knows.
---@field name string What the node is called.
---@field relay_lag integer Events that are known to be committed and were not handed on yet.
---@field ring_bytes integer Bytes of these.
---@field ring_events integer Events in memory now.
---@field sent_bytes integer Bytes sent to connections in the last second.
---@field session_changes integer How often sessions of wallets were opened, made new or ended, as far as the node knows since it started. When it changes, a list of sessions is old.

--- What is to be said of news beside their status.
---@alias tollbell.Note "STALE"|"UNKNOWN_STATUS"|"IDENTITY_CONFLICT"|"USER_UNKNOWN"|"USER_NOT_LINKED"|"PLAN_UNKNOWN"|"PRODUCT_ARCHIVED"|"INTERNAL"

--- What to change about the notice; what is absent stays.
---@class tollbell.NoticeBody
---@field motd? string|nil The message of the day, at most 512 characters.
---@field transactions_enabled? boolean|nil Whether wallets may pay. While they may not, contracts are not renewed either, and nobody lapses.

--- The notice was changed.
---@class tollbell.NoticeChanged
---@field motd string The message of the day.
---@field motd_set_at string When it was set.
---@field transactions_enabled boolean Whether wallets may pay.
---@field changed string[] The fields that are no longer what they were: `motd`, `transactions_enabled`.

--- What every client is told about the community.
---@class tollbell.NoticeView
---@field motd string The message of the day.
---@field motd_set_at string When it was set.
---@field transactions_enabled boolean Whether wallets may pay.

--- Why it was compared with what the provider says.
---@alias tollbell.Occasion "sync"|"late"|"checkout"|"link"|"operator"

--- A contract to offer, in either spelling.
---@class tollbell.OfferBody
---@field allowed_subscribers? string[]|nil
---@field description string 1 to 255 characters.
---@field max_subscribers? integer|nil
---@field name string The name, with or without `meta@` and suffix; the key's wallet must own it.
---@field period integer How long a term is in minutes.
---@field price number What a term costs.
---@field privatekey string The owner's private key.

--- The number of a contract.
---@class tollbell.OfferMade
---@field id integer

--- A wallet.
---@class tollbell.One
---@field wallet tollbell.PlayerWalletView It.

--- An entitlement.
---@class tollbell.OneEntitlement
---@field discord_user_id string Whose.
---@field entitlement tollbell.AccessView What the user has now.
---@field granted tollbell.EntitlementView The entitlement.

--- A plan.
---@class tollbell.OnePlan
---@field plan tollbell.PlanView The plan.

--- A session.
---@class tollbell.OneSession
---@field session tollbell.SessionView The session.

--- A part of the snapshot of `servers`.
---@class tollbell.OpenServers
---@field servers tollbell.ServerView[] Open servers, oldest first.

--- A window that is open.
---@class tollbell.OpenWindow
---@field available_server_minutes integer What is neither used nor held.
---@field entitlement_id integer What of.
---@field monthly_server_minutes integer What the plan gives.
---@field remaining_server_minutes integer What is not used.
---@field reserved_server_minutes integer What is held for open sessions.
---@field tier string The plan.
---@field used_server_minutes integer What was used.
---@field window_end string When the minutes are new again.
---@field window_start string When it began.

--- A session's token.
---@class tollbell.OpenedView
---@field address string The wallet.
---@field expires string When the token ends.
---@field token string Goes into `Authorization: Bearer`. It is shown once.

--- A server that no session paid for was told to stop.
---@class tollbell.OrphanStopped
---@field attempts integer How often it had to be told.
---@field orchestrator_session_id string The orchestrator's name of it.
---@field reason string What it was told.
---@field session_id string The session that it was launched for.

--- Which connection was ended.
---@class tollbell.PartedView
---@field id string Its name.

--- A payment to make.
---@class tollbell.PayBody
---@field amount number How much.
---@field metadata? string|nil At most 255 printable ASCII characters.
---@field request_id? string|nil The payer's own name for this payment, at most 64 visible characters: repeated, it is the same payment.
---@field to string Who is paid: an address, or a name such as `bakery.kro` or `counter@bakery.kro`, whose owner is paid.

--- Why a payment was made.
---@alias tollbell.PaymentKind "transfer"|"mined"|"name_purchase"|"name_transfer"|"name_a_record"

--- The data of `payment.made`.
---@class tollbell.PaymentMade
---@field amount number How much.
---@field at string When.
---@field from string Who paid.
---@field from_version integer The payer's version after it: dense, so a listener to the wallet sees that nothing is missing.
---@field id integer The payment's number, rising.
---@field metadata? string|nil What the payer wrote on it, behind the name that was paid.
---@field name? string|nil The name that was bought, or got another owner or record.
---@field request_id? string|nil The payer's own name for it.
---@field sent_metaname? string|nil What stood before the `@` of that name.
---@field sent_name? string|nil The name whose owner was paid.
---@field to string Who was paid.
---@field to_version integer The payee's version after it.
---@field type tollbell.PaymentKind Why.

--- Terms that wait for the consent of a subscriber.
---@class tollbell.PendingChange
---@field cron_expr? string|nil At each occurrence of this cron expression of five fields, in UTC.
---@field period_months? integer|nil Every so many months, on the day of the first or the last one of a shorter month.
---@field period_seconds? integer|nil Every so many seconds.
---@field consent_by? string|nil Without consent the subscription ends with the first term that ends at this time or later; null: never.
---@field contract_version integer The version of the contract to agree to.
---@field price number What a term will cost.

--- A plan to make, or what to change about it; what is absent stays.
---@class tollbell.PlanBody
---@field benefits? string[]|nil At most 50 lines of 1 to 200 characters.
---@field description? string|nil At most 2,000 characters.
---@field discord_role_id? string|nil The role that a bot gives; null for none.
---@field display_order? integer|nil Where it stands in a list, from low to high.
---@field entitlement_priority? integer|nil Of several plans of a user, the highest counts.
---@field grace_days? integer|nil Days that it still works after a payment has failed, at most 90.
---@field is_active? boolean|nil Whether it is for sale. What was bought stays.
---@field max_concurrent_servers? integer|nil Server sessions that may be open at once, 1 to 1,000; 1 for a new plan.
---@field max_session_minutes? integer|nil Minutes of one server session, 1 to 100,000; required for a new plan.
---@field monthly_price_usd? integer|nil Whole dollars, for display: at most 1,000,000.
---@field monthly_server_minutes? integer|nil Minutes in each window, at most 1,000,000; required for a new plan.
---@field name? string|nil 1 to 80 characters; the tier when a new plan has none.
---@field products? tollbell.Product[]|nil As what it is sold elsewhere, at most 50; for the provider `contract` the id of a contract of this hub: whoever subscribes to it with a wallet that they have linked has the plan for the term.

--- A plan was made or changed.
---@class tollbell.PlanChanged
---@field plan tollbell.PlanView The plan after it.

--- A plan as everybody may see it.
---@class tollbell.PlanView
---@field max_concurrent_servers integer Server sessions that may be open at once.
---@field max_session_minutes integer Minutes of one server session at the most.
---@field monthly_server_minutes integer Minutes in each window, which is a month or the period when that is shorter.
---@field benefits string[] What it brings.
---@field description string What is said of it.
---@field discord_role_id? string|nil The role that comes with it.
---@field display_order integer Where it stands in a list.
---@field entitlement_priority integer Of several plans of a user, the highest counts.
---@field grace_days integer Days that it still works after a payment has failed.
---@field is_active boolean Whether it is for sale.
---@field monthly_price_usd integer Whole dollars, for display.
---@field name string Its name for people.
---@field polar_product_id? string|nil The first of them at Polar; null when it can't be bought there.
---@field products tollbell.Product[] As which products it is sold.
---@field tier string Its stable name.
---@field updated_at string When it was last changed.
---@field version integer Rises by 1 with each change.

--- What is for sale.
---@class tollbell.Plans
---@field plans tollbell.PlanView[] In the operator's order.

--- The data of `player.linked` and `player.renamed`.
---@class tollbell.PlayerChange
---@field address string The wallet.
---@field name string What they are called.
---@field uuid string The game's UUID of the player.

--- A wallet as clients of players know it.
---@class tollbell.PlayerWalletView
---@field address string Its address.
---@field balance number What it holds.
---@field created_at string When it was made.
---@field id integer A number of it, which no other route takes.
---@field locked boolean Whether it can't log in and can't pay.
---@field total_in number All that it ever received.
---@field total_out number All that it ever paid.

--- Where to go when done.
---@class tollbell.PortalBody
---@field owner_discord_id? string|nil Whose portal; programs must say, users need not.
---@field return_url? string|nil Where the way back leads.

--- A way into the customer's own pages.
---@class tollbell.PortalView
---@field expires_at? string|nil Until when it works; null when it is a link for everybody.
---@field url string Where.

--- What is sold elsewhere as a plan.
---@class tollbell.Product
---@field product_id string The provider's id of the product; for `contract` the id of a contract.
---@field provider tollbell.Provider Where.

--- What a program says of a user; what is absent stays as it was.
---@class tollbell.ProfileBody
---@field avatar? string|nil Discord's hash of their picture, at most 128 characters.
---@field display_name? string|nil What they want to be called, at most 100 characters.
---@field email? string|nil Their address, 3 to 320 characters with an @.
---@field username? string|nil Discord's unique name, at most 100 characters.

--- Where an entitlement comes from.
---@alias tollbell.Provider "polar"|"comp"|"github_sponsors"|"discord_server_subscription"|"contract"

--- A contract as everybody may see it.
---@class tollbell.PublicContract
---@field cron_expr? string|nil At each occurrence of this cron expression of five fields, in UTC.
---@field period_months? integer|nil Every so many months, on the day of the first or the last one of a shorter month.
---@field period_seconds? integer|nil Every so many seconds.
---@field address string Who is paid.
---@field catch_up tollbell.CatchUp What is paid when renewals were held up for longer than a term.
---@field contract_id integer Its number.
---@field created_at string When it was made.
---@field description? string|nil What its owner says of it. Of a restricted contract only those see it who may subscribe.
---@field max_subscribers? integer|nil How many may be subscribed at once; null is any number.
---@field price number What a term costs.
---@field require_consent_by? string|nil Subscribers who have not agreed to the newest terms end with the first term that ends at this time or later.
---@field restricted boolean Whether it is for an allow list only.
---@field status tollbell.ContractStatus Whether it can be subscribed to.
---@field terms_version integer The version that brought the price and the schedule.
---@field title string What its owner calls it.
---@field updated_at string When it was changed last.
---@field version integer Raised by 1 with each event of the contract; also the `ETag`.

--- The data of `hub.stats`: what a node did in the last second.
---@class tollbell.Pulse
---@field connections integer Connections now.
---@field deliveries integer Events sent to connections.
---@field events integer Events committed.
---@field latency_p50_us? integer|nil Microseconds within which half of the deliveries were written; absent when there were none.
---@field latency_p99_us? integer|nil Microseconds within which 99 of 100 deliveries were written.
---@field node? tollbell.NodePulse|nil More about the node; only on `ops`.
---@field topics integer Topics listened to now.

--- A name to buy.
---@class tollbell.PurchaseBody
---@field name string With or without its suffix.

--- The data of `purchase.*`.
---@class tollbell.PurchaseChanged
---@field purchase tollbell.PurchaseView The purchase after it.

--- How a purchase stands. Of two news with one place in the provider's order, the later status here is the newer one.
---@alias tollbell.PurchaseStatus "pending"|"failed"|"paid"|"partially_refunded"|"refunded"

--- A purchase.
---@class tollbell.PurchaseView
---@field amount_cents integer What was, or is to be, paid, in cents, tax included.
---@field currency string Three letters.
---@field discord_user_id string Whose.
---@field id integer Its number here.
---@field invoice? string|nil The number on the invoice.
---@field order_id string The provider's name for it.
---@field ordered_at string When it was made.
---@field product_id? string|nil For which product.
---@field provider tollbell.Provider Where it was made.
---@field reason? string|nil Why it was to be paid, in the provider's word, such as `subscription_cycle`.
---@field refunded_cents integer What was given back, tax included.
---@field status tollbell.PurchaseStatus How it stands.
---@field subscription_id? string|nil For which subscription.
---@field tax_cents integer The tax in it.
---@field version integer Rises by 1 with each event of the purchase.

--- A page of purchases.
---@class tollbell.PurchasesView
---@field next? integer|nil The `before` of the next page; null on the last one.
---@field purchases tollbell.PurchaseView[] The purchases, newest first.

--- What a provider is told of its event.
---@class tollbell.ReceiptView
---@field code? tollbell.Note|nil What is to be said of it.
---@field duplicate boolean Whether it had been done before.
---@field status tollbell.EventStatus How far it is.

--- What a player is called by now.
---@class tollbell.RenameBody
---@field username string What they are called.
---@field uuid string The game's UUID of the player.

--- A player.
---@class tollbell.Renamed
---@field name string What they are called.
---@field uuid string The game's UUID.

--- What became of a report. Any answer of 200 means that it is stored.
---@class tollbell.ReportAnswer
---@field commands string[] What the orchestrator may do without a call of its own: `stop`.
---@field duplicate boolean Whether it was heard before.
---@field event_id string The report.
---@field session_status tollbell.Status Where the session stands now.
---@field status string `processed`, or `ignored` when it changes nothing.

--- A report of the orchestrator. Names in camel case are read as well, numbers as text too.
---@class tollbell.ReportBody
---@field error_code? string|nil Why there never was a server, for programs.
---@field error_message? string|nil Why there never was a server, for people.
---@field event string `launch_accepted`, `ready`, `heartbeat`, `stopping`, `stopped`, `exited`, `killed` or `launch_failed`; others are taken note of and change nothing.
---@field event_id string The orchestrator's name of the event, 1 to 128 characters: a repeated one changes nothing.
---@field host? string|nil Where to connect.
---@field occurred_at? string|nil When it happened; the receipt when absent.
---@field orchestrator_session_id? string|nil The orchestrator's name of the session. Another one than before is another server.
---@field orchestrator_state? string|nil The orchestrator's own word for the state.
---@field password? string|nil What to connect with.
---@field players? integer|nil How many players there are; only passed on.
---@field port? integer|nil Where to connect, 1 to 65,535.
---@field ready_at? string|nil Since when players can join.
---@field reason? string|nil Why it stops or ended.
---@field runtime_seconds? number|nil How long it ran; a fraction is dropped.
---@field stopped_at? string|nil When the server ended.

--- A role to give or to take: the feed of a bot that keeps roles right.
---@class tollbell.RoleChanged
---@field discord_role_id? string|nil The plan's role; null when it has none.
---@field discord_user_id string Whose.
---@field granted boolean Whether it is to be given; else it is to be taken.
---@field tier string The plan's tier.

--- Who has which role.
---@class tollbell.Roles
---@field next? string|nil Goes into `after` for the next page; null when there is none.
---@field standings tollbell.StandingView[] By rising id of the user.

--- When terms end: exactly one of these.
---@class tollbell.ScheduleBody
---@field cron_expr? string|nil Five fields, in UTC: minute, hour, day of the month, month, day of the week.
---@field period_months? integer|nil 1 to 120, counted from the day of subscribing.
---@field period_seconds? integer|nil 60 to 315,360,000.

--- When terms end: one of these is set.
---@class tollbell.ScheduleView
---@field cron_expr? string|nil At each occurrence of this cron expression of five fields, in UTC.
---@field period_months? integer|nil Every so many months, on the day of the first or the last one of a shorter month.
---@field period_seconds? integer|nil Every so many seconds.

--- The orchestrator reported something that can't be.
---@class tollbell.ServerAnomaly
---@field anomaly tollbell.Anomaly What can't be.
---@field event string What it reported.
---@field event_id string Its name of the report.
---@field orchestrator_session_id? string|nil The server that it was about, if it said so.
---@field session_id string The session that it was about.

--- The data of `server.*`: the session after the change, in the view of the topic.
---@alias tollbell.ServerChanged tollbell.SessionView|tollbell.ServerView

--- The data of `server.tick`: a server lives. In no log.
---@class tollbell.ServerTick
---@field id string The session.
---@field last_heartbeat_at string The last sign of life.
---@field players? integer|nil How many players there are, when the orchestrator says so.

--- A session as everybody may see it: no password, no owner.
---@class tollbell.ServerView
---@field game string What the game is called.
---@field game_code string Which game.
---@field host string Where to connect.
---@field id string Its name.
---@field port? integer|nil Where to connect; null until it is known.
---@field ready_at? string|nil Since when players can join.
---@field started_at string When it was ordered.
---@field status tollbell.Status Where it stands.
---@field stopped_at? string|nil When it ended.
---@field time_limit_at? string|nil When it has to end; null until it is ready.
---@field version integer Raised by 1 with each event of the session, so a listener sees that nothing is missing.

--- A session has only so many minutes left. For its owner; it is no change of the session.
---@class tollbell.ServerWarning
---@field allocated_minutes integer The minutes that are reserved, and the most that it can cost.
---@field billed_minutes? integer|nil The minutes that were charged; null until it has ended.
---@field comment string What the server is called.
---@field expires_at? string|nil When it ends at the latest, as far as is known now.
---@field game string What the game is called.
---@field game_code string Which game.
---@field host string Where to connect.
---@field id string Its name.
---@field last_heartbeat_at string The last sign of life.
---@field launch_error_code string Why there never was a server, for programs.
---@field launch_error_message string Why there never was a server, for people.
---@field launch_source tollbell.LaunchSource Who had it started.
---@field orchestrator_session_id string The orchestrator's name of the session.
---@field orchestrator_state string The orchestrator's own word for the state.
---@field owner_discord_id string Whose it is.
---@field password string What to connect with.
---@field port? integer|nil Where to connect; null until it is known.
---@field ready_at? string|nil Since when players can join.
---@field requested_minutes integer The minutes that were asked for.
---@field server_identifier string A name of the server for people.
---@field started_at string When its minutes were reserved.
---@field status tollbell.Status Where it stands.
---@field stop_reason string Why it stops, or ended.
---@field stop_requested_at? string|nil When its stop was asked for.
---@field stopped_at? string|nil When it ended.
---@field time_limit_at? string|nil When it has to end; null until it is ready.
---@field updated_at string When it last changed.
---@field version integer Raised by 1 with each event of the session, so a listener sees that nothing is missing.
---@field minutes_left integer How many: 10, 5 or 1.

--- A live session as the operator sees it.
---@class tollbell.SessionRowView
---@field address string The wallet.
---@field created_at string When it was opened.
---@field expires_at string When its token ends.
---@field id string The session's public id.
---@field user_agent? string|nil What the client calls itself.

--- A session as its owner, bots and the orchestrator see it. Texts that are not known are empty.
---@class tollbell.SessionView
---@field allocated_minutes integer The minutes that are reserved, and the most that it can cost.
---@field billed_minutes? integer|nil The minutes that were charged; null until it has ended.
---@field comment string What the server is called.
---@field expires_at? string|nil When it ends at the latest, as far as is known now.
---@field game string What the game is called.
---@field game_code string Which game.
---@field host string Where to connect.
---@field id string Its name.
---@field last_heartbeat_at string The last sign of life.
---@field launch_error_code string Why there never was a server, for programs.
---@field launch_error_message string Why there never was a server, for people.
---@field launch_source tollbell.LaunchSource Who had it started.
---@field orchestrator_session_id string The orchestrator's name of the session.
---@field orchestrator_state string The orchestrator's own word for the state.
---@field owner_discord_id string Whose it is.
---@field password string What to connect with.
---@field port? integer|nil Where to connect; null until it is known.
---@field ready_at? string|nil Since when players can join.
---@field requested_minutes integer The minutes that were asked for.
---@field server_identifier string A name of the server for people.
---@field started_at string When its minutes were reserved.
---@field status tollbell.Status Where it stands.
---@field stop_reason string Why it stops, or ended.
---@field stop_requested_at? string|nil When its stop was asked for.
---@field stopped_at? string|nil When it ended.
---@field time_limit_at? string|nil When it has to end; null until it is ready.
---@field updated_at string When it last changed.
---@field version integer Raised by 1 with each event of the session, so a listener sees that nothing is missing.

--- A page of sessions, newest first.
---@class tollbell.SessionsBody
---@field next_cursor? string|nil The `cursor` of the next page; null on the last one.
---@field sessions tollbell.SessionView[] The sessions.

--- The wallets of a player.
---@class tollbell.Several
---@field wallet tollbell.PlayerWalletView[] They, oldest first.

--- How a subscription stood.
---@class tollbell.Stand
---@field cancel_at_period_end boolean Whether it ends with the period.
---@field period_end string Until when it is paid.
---@field status tollbell.Status How.
---@field tier string Of which plan.

--- Which plan a user has, and the role that comes with it.
---@class tollbell.StandingView
---@field discord_role_id? string|nil The plan's role; null when it has none.
---@field discord_user_id string Who.
---@field tier string The plan's tier.

--- What to start.
---@class tollbell.StartBody
---@field comment? string|nil What the server is called; cut to 120 characters.
---@field game? string|nil What the game is called; the code when absent.
---@field game_code string Which game; `gameCode` is read as well, and so are the other names in camel case.
---@field launch_context? any|nil An object of at most 4,096 characters that is kept with the session.
---@field launch_source? string|nil `api` for a program of the user's; a page and a bot are known as what they are.
---@field owner_discord_id? string|nil For whom a bot starts.
---@field password? string|nil What players connect with; cut to 80 characters.
---@field requested_minutes? integer|nil Whole minutes, at least 5; absent, null and 0 are as long as the plan allows.

--- How an entitlement stands with its provider.
---@alias tollbell.Status "active"|"trialing"|"past_due"|"canceled"|"expired"|"inactive"

--- Why to stop.
---@class tollbell.StopBody
---@field reason? string|nil Cut to 80 characters; `stopped` when absent.

--- Whose subscription.
---@class tollbell.SubjectBody
---@field owner_discord_id? string|nil Whose; programs must say, users need not.

--- How to subscribe.
---@class tollbell.SubscribeBody
---@field max_price? number|nil A higher price is refused: it may have changed since it was read.

--- When the next term is paid, in both spellings.
---@class tollbell.SubscribedOffer
---@field nextPayment? string|nil
---@field next_payment? string|nil

--- What subscribing came to.
---@class tollbell.SubscribedView
---@field cron_expr? string|nil At each occurrence of this cron expression of five fields, in UTC.
---@field period_months? integer|nil Every so many months, on the day of the first or the last one of a shorter month.
---@field period_seconds? integer|nil Every so many seconds.
---@field address string Who pays.
---@field can_unsubscribe boolean Whether the wallet may end it.
---@field cancel_requested_at? string|nil When the wallet asked for the end.
---@field contract_id integer What it is to.
---@field contract_version integer The version of the contract that the wallet agreed to.
---@field ended_at? string|nil When it ended.
---@field entitled boolean Whether the wallet has now what it paid for.
---@field lapsed_at? string|nil Until when it is paid; null when it has ended.
---@field last_payment_id integer The payment for the last term.
---@field owner_address string Who is paid.
---@field pending_change? tollbell.PendingChange|nil The terms that the wallet would have to agree to.
---@field price number What the next term costs.
---@field reason? tollbell.EndReason|nil Why it ended.
---@field renewing boolean Whether the term is over and the renewal is on its way.
---@field run integer How often the wallet has subscribed.
---@field started_at string When this run began.
---@field status tollbell.SubscriptionStatus `active` renews, `pending` ends with its term.
---@field subscription_id integer Its number.
---@field term integer The last term that was paid, from 1 in each run.
---@field term_started_at string When that term began.
---@field version integer Raised by 1 with each event of the subscription.
---@field payment? tollbell.PaymentMade|nil The payment for the first term; null when there was nothing to pay.

--- The data of `subscription.*`: all that a listener needs, without a second call.
---@class tollbell.SubscriptionChanged
---@field address string Who pays.
---@field can_unsubscribe boolean Whether its wallet may end it.
---@field contract_id integer The contract.
---@field ended_at? string|nil When it ended.
---@field lapsed_at? string|nil Until when it is paid; null when it has ended.
---@field owner_address string Who is paid.
---@field payment_id integer The payment for that term.
---@field pending_change? tollbell.PendingChange|nil The terms that its wallet would have to agree to.
---@field price number What a term costs.
---@field reason? tollbell.EndReason|nil Why it ended.
---@field run integer How often the wallet has subscribed.
---@field skipped_terms integer Terms before it that were missed and cost nothing.
---@field status tollbell.SubscriptionStatus Where it stands now.
---@field subscription_id integer The subscription.
---@field term integer The last term that was paid, from 1 in each run.
---@field term_started_at string When that term began.
---@field version integer Its version: dense, so a listener to the subscription sees that nothing is missing.

--- A contract, in both spellings.
---@class tollbell.SubscriptionOffer
---@field allowedSubscribers? string[]|nil
---@field allowed_subscribers? string[]|nil Who may subscribe; only the owner is told.
---@field created string When the contract was made.
---@field description string What is said of it.
---@field id integer Its number.
---@field maxSubscribers? integer|nil
---@field max_subscribers? integer|nil
---@field name string The name that it belongs to, such as `shop@bakery.kro`; the owner's address when it belongs to none.
---@field nextPayment? string|nil
---@field next_payment? string|nil When it pays next.
---@field owns boolean Whether it owns the contract.
---@field period integer How long a term is in minutes; 0 for one that the calendar gives.
---@field price number What a term costs.
---@field status string `active`, `closed` or `cancelled`.
---@field subscribed boolean Whether the wallet that asks is subscribed.
---@field subscribers integer How many are subscribed.
---@field unsubscribable boolean Whether it may leave.

--- A page of contracts.
---@class tollbell.SubscriptionOffers
---@field count integer How many are on this page.
---@field subscriptions tollbell.SubscriptionOffer[] They themselves.
---@field total integer How many there are.

--- The word for [`State`] on the wire and in the database.
---@alias tollbell.SubscriptionStatus "active"|"pending"|"canceled"

--- A subscription.
---@class tollbell.SubscriptionView
---@field cron_expr? string|nil At each occurrence of this cron expression of five fields, in UTC.
---@field period_months? integer|nil Every so many months, on the day of the first or the last one of a shorter month.
---@field period_seconds? integer|nil Every so many seconds.
---@field address string Who pays.
---@field can_unsubscribe boolean Whether the wallet may end it.
---@field cancel_requested_at? string|nil When the wallet asked for the end.
---@field contract_id integer What it is to.
---@field contract_version integer The version of the contract that the wallet agreed to.
---@field ended_at? string|nil When it ended.
---@field entitled boolean Whether the wallet has now what it paid for.
---@field lapsed_at? string|nil Until when it is paid; null when it has ended.
---@field last_payment_id integer The payment for the last term.
---@field owner_address string Who is paid.
---@field pending_change? tollbell.PendingChange|nil The terms that the wallet would have to agree to.
---@field price number What the next term costs.
---@field reason? tollbell.EndReason|nil Why it ended.
---@field renewing boolean Whether the term is over and the renewal is on its way.
---@field run integer How often the wallet has subscribed.
---@field started_at string When this run began.
---@field status tollbell.SubscriptionStatus `active` renews, `pending` ends with its term.
---@field subscription_id integer Its number.
---@field term integer The last term that was paid, from 1 in each run.
---@field term_started_at string When that term began.
---@field version integer Raised by 1 with each event of the subscription.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_AdjustedView
---@field discord_user_id string Whose.
---@field duplicate boolean Whether it was there before.
---@field entitlement tollbell.AccessView What the user has now.
---@field entry_key string The entry's name.
---@field window_start string When the window began in which it counts.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_BoughtAnswer
---@field subscription tollbell.BoughtView The subscription.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_CheckoutAnswer
---@field checkout_id string The provider's name for it.
---@field discord_user_id string Who.
---@field expires_at string Until when it can be paid.
---@field status tollbell.CheckoutStatus How it stands. `confirmed` means that the buyer pressed pay, `succeeded` that it is paid.
---@field tier? string|nil For which plan; null when it is sold as none.
---@field url? string|nil Where its page is.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_ComparedView
---@field drift tollbell.Drift[] What differed, and was repaired.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_Comps
---@field comps tollbell.CompView[] The gifts, newest first.
---@field next? integer|nil The `before` of the next page; null on the last one.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_GamesBody
---@field games any[] As the orchestrator lists them.
---@field stale? boolean Present when a newer list could not be had.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_MyAccess
---@field entitlement tollbell.AccessView The answer of the access check.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_OneEntitlement
---@field discord_user_id string Whose.
---@field entitlement tollbell.AccessView What the user has now.
---@field granted tollbell.EntitlementView The entitlement.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_OnePlan
---@field plan tollbell.PlanView The plan.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_OneSession
---@field session tollbell.SessionView The session.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_Plans
---@field plans tollbell.PlanView[] In the operator's order.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_PortalView
---@field expires_at? string|nil Until when it works; null when it is a link for everybody.
---@field url string Where.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_PurchasesView
---@field next? integer|nil The `before` of the next page; null on the last one.
---@field purchases tollbell.PurchaseView[] The purchases, newest first.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_ReceiptView
---@field code? tollbell.Note|nil What is to be said of it.
---@field duplicate boolean Whether it had been done before.
---@field status tollbell.EventStatus How far it is.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_ReportAnswer
---@field commands string[] What the orchestrator may do without a call of its own: `stop`.
---@field duplicate boolean Whether it was heard before.
---@field event_id string The report.
---@field session_status tollbell.Status Where the session stands now.
---@field status string `processed`, or `ignored` when it changes nothing.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_Roles
---@field next? string|nil Goes into `after` for the next page; null when there is none.
---@field standings tollbell.StandingView[] By rising id of the user.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_SessionsBody
---@field next_cursor? string|nil The `cursor` of the next page; null on the last one.
---@field sessions tollbell.SessionView[] The sessions.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_TheirAccess
---@field discord_user_id string Who.
---@field entitlement tollbell.AccessView The answer of the access check.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_Usage
---@field discord_user_id string Whose.
---@field usage tollbell.UsageView The windows and their entries.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_WebhookEventAnswer
---@field event tollbell.WebhookEventView The event, as it stands now.
---@field success boolean Always true.

--- A successful answer: `{"success":true}` and the fields of the body beside it.
---@class tollbell.Success_WebhookEventsAnswer
---@field events tollbell.WebhookEventView[] The events, newest first.
---@field next? integer|nil The `before` of the next page; null on the last one.
---@field success boolean Always true.

--- How much money there is.
---@class tollbell.SupplyView
---@field supply number The sum of all balances but the system's own.

--- What somebody has.
---@class tollbell.TheirAccess
---@field discord_user_id string Who.
---@field entitlement tollbell.AccessView The answer of the access check.

--- A ticket for one websocket.
---@class tollbell.TicketView
---@field expires_in_s integer Seconds until it is worth nothing.
---@field ticket string Goes into `?ticket=` of `/api/v1/ws`, once.

--- A user's token, shown once.
---@class tollbell.TokenView
---@field discord_user_id string Whose it is.
---@field expires string When it ends.
---@field token string Goes into `Authorization: Bearer` or `Authorization: Token`.

--- A topic and how many listen to it.
---@class tollbell.TopicView
---@field connections integer Connections of this node that listen to it.
---@field topic string The topic.

--- What to change about a name.
---@class tollbell.UpdateBody
---@field record? string|nil Where it leads: 1 to 255 visible ASCII characters, of which the first is none of `.?#`; null for nowhere.

--- What was used.
---@class tollbell.Usage
---@field discord_user_id string Whose.
---@field usage tollbell.UsageView The windows and their entries.

--- The data of `usage.reserved` and `usage.released`.
---@class tollbell.UsageHeld
---@field available_server_minutes integer What is neither used nor held.
---@field entitlement_id integer The entitlement.
---@field monthly_server_minutes integer What the plan gives in a window.
---@field remaining_server_minutes integer What is not used.
---@field reserved_server_minutes integer What is held for open sessions.
---@field tier string Its plan.
---@field used_server_minutes integer What was used.
---@field window_end string When it ends.
---@field window_start string When the window began.
---@field discord_user_id string Whose.
---@field minutes integer How many minutes.
---@field session_id? string|nil The server session.

--- The data of `usage.recorded`.
---@class tollbell.UsageRecorded
---@field available_server_minutes integer What is neither used nor held.
---@field entitlement_id integer The entitlement.
---@field monthly_server_minutes integer What the plan gives in a window.
---@field remaining_server_minutes integer What is not used.
---@field reserved_server_minutes integer What is held for open sessions.
---@field tier string Its plan.
---@field used_server_minutes integer What was used.
---@field window_end string When it ends.
---@field window_start string When the window began.
---@field discord_user_id string Whose.
---@field entry_id integer The number of the entry.
---@field minutes integer Used, or below zero given back.
---@field note? string|nil What was said of it.
---@field reason tollbell.EntryReason Why.
---@field session_id? string|nil The server session, if it was one.

--- A share of a window's minutes is used. Each share is told once in a window.
---@class tollbell.UsageThreshold
---@field available_server_minutes integer What is neither used nor held.
---@field entitlement_id integer The entitlement.
---@field monthly_server_minutes integer What the plan gives in a window.
---@field remaining_server_minutes integer What is not used.
---@field reserved_server_minutes integer What is held for open sessions.
---@field tier string Its plan.
---@field used_server_minutes integer What was used.
---@field window_end string When it ends.
---@field window_start string When the window began.
---@field discord_user_id string Whose.
---@field percent integer The share: 80 or 100.

--- What was used in the windows of a time.
---@class tollbell.UsageView
---@field at string The time that was asked for.
---@field entries tollbell.EntryView[] The entries, the newest first; at most 500.
---@field used_server_minutes integer Minutes used in all windows, less what was given back.
---@field windows tollbell.OpenWindow[] The windows that can be used, when it was asked for now; the user's plan first.

--- How a window stands after an event.
---@class tollbell.UsageWindow
---@field available_server_minutes integer What is neither used nor held.
---@field entitlement_id integer The entitlement.
---@field monthly_server_minutes integer What the plan gives in a window.
---@field remaining_server_minutes integer What is not used.
---@field reserved_server_minutes integer What is held for open sessions.
---@field tier string Its plan.
---@field used_server_minutes integer What was used.
---@field window_end string When it ends.
---@field window_start string When the window began.

--- What is known of a person.
---@class tollbell.User
---@field avatar? string|nil Discord's hash of their picture.
---@field discord_user_id string Discord's id, which is the user's own.
---@field display_name? string|nil What they want to be called.
---@field linked_at string When they were linked.
---@field username string Discord's unique name; empty when nobody said it.
---@field version integer Rises by 1 with each event of the user.

--- A user was linked.
---@class tollbell.UserLinked
---@field user tollbell.User Who.

--- A live session of a user.
---@class tollbell.UserSessionView
---@field created_at string When it was opened.
---@field expires_at string When its token ends.
---@field id string Its public id.
---@field issued_by? string|nil The service key that issued it; null when they signed in themselves.
---@field user_agent? string|nil What the client calls itself.

--- A user and what is theirs.
---@class tollbell.UserView
---@field avatar? string|nil Discord's hash of their picture.
---@field discord_user_id string Discord's id, which is the user's own.
---@field display_name? string|nil What they want to be called.
---@field linked_at string When they were linked.
---@field username string Discord's unique name; empty when nobody said it.
---@field version integer Rises by 1 with each event of the user.
---@field csrf_token? string|nil What a page that came by cookie sends as `X-CSRF-Token` to change something; absent for others.
---@field email? string|nil The address that Discord gave, if it did.
---@field wallets tollbell.LinkedWallet[] Their wallets.

--- A wallet to make.
---@class tollbell.WalletBody
---@field address? string|nil The address that its owner's private key leads to. Without one a private key is made and shown once.

--- The data of `wallet.created`, `wallet.locked` and `wallet.unlocked`.
---@class tollbell.WalletChange
---@field address string The wallet.
---@field version integer Its version after the change.

--- A wallet's version after a change.
---@class tollbell.WalletChanged
---@field address string Its address.
---@field version integer Its version.

--- The data of `user.wallet_linked` and `user.wallet_unlinked`.
---@class tollbell.WalletLink
---@field address string Which.
---@field discord_user_id string Whose.
---@field version integer The user's version: dense, so a listener sees that nothing is missing.

--- A wallet that was made.
---@class tollbell.WalletMade
---@field address string Its address.
---@field privatekey? string|nil The private key, when it was made here. It is not stored: this is the only time it is shown.
---@field version integer Its version.

--- A wallet on the wire.
---@class tollbell.WalletView
---@field address string Its address.
---@field balance number What it holds.
---@field created_at string When it was made.
---@field locked boolean Whether it can't log in and can't pay.
---@field total_in number All that it ever received.
---@field total_out number All that it ever paid.
---@field version integer Raised by 1 with each event of the wallet; also the `ETag`.

--- The wallets of a user.
---@class tollbell.WalletsView
---@field discord_user_id string Whose.
---@field wallets tollbell.LinkedWallet[] The wallets.

--- How people can sign in; a token works always.
---@class tollbell.Ways
---@field discord boolean Whether `GET /api/v1/sign-in/discord` leads to Discord.

--- An event.
---@class tollbell.WebhookEventAnswer
---@field event tollbell.WebhookEventView The event, as it stands now.

--- An event of a provider.
---@class tollbell.WebhookEventView
---@field attempts integer How often it was tried, here and by the provider.
---@field awaits_customer? string|nil The provider's customer it waits for.
---@field awaits_product? string|nil The product it waits for.
---@field awaits_user? string|nil The user it waits for.
---@field code? tollbell.Note|nil What is to be said of it.
---@field event_id string The provider's name for it.
---@field id integer Its number here.
---@field next_attempt_at? string|nil When it is tried again; null when it is not.
---@field processed_at? string|nil When it was done.
---@field provider tollbell.Provider Who sent it.
---@field received_at string When it arrived first.
---@field status tollbell.EventStatus How far it is.
---@field told_at string When the provider told it.
---@field type string Its type, in the provider's word.

--- A page of events.
---@class tollbell.WebhookEventsAnswer
---@field events tollbell.WebhookEventView[] The events, newest first.
---@field next? integer|nil The `before` of the next page; null on the last one.

--- A provider's event could not be applied as it should, or says something that an operator should look at.
---@class tollbell.WebhookFailed
---@field attempts integer How often it was tried.
---@field code tollbell.Note What is the matter.
---@field event_id string The provider's name for it.
---@field id integer Its number here, to replay it.
---@field next_attempt_at? string|nil When it is tried again; null when it is not.
---@field provider tollbell.Provider Who sent it.
---@field status tollbell.EventStatus How far it is.
---@field type string Its type, in the provider's word.

--- A provider's event of which operators were told needs them no more: it was applied, or there is nothing to apply.
---@class tollbell.WebhookSettled
---@field attempts integer How often it was tried.
---@field event_id string The provider's name for it.
---@field id integer Its number here.
---@field provider tollbell.Provider Who sent it.
---@field status tollbell.EventStatus How far it is: `processed` or `ignored`.
---@field type string Its type, in the provider's word.

--- When another plan begins.
---@alias tollbell.When "now"|"period_end"

--- A checkout was opened, or became something else.
---@class tollbell.CheckoutChangedEvent
---@field kind "checkout.changed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.CheckoutChanged

--- The contract is over: nobody is entitled any more, and each subscription ends with its own event.
---@class tollbell.ContractCanceledEvent
---@field kind "contract.canceled"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ContractChanged

--- The owner takes no new subscribers.
---@class tollbell.ContractClosedEvent
---@field kind "contract.closed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ContractChanged

--- A wallet offers a contract.
---@class tollbell.ContractCreatedEvent
---@field kind "contract.created"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ContractChanged

--- The owner changed a contract.
---@class tollbell.ContractEditedEvent
---@field kind "contract.edited"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ContractChanged

--- The owner takes new subscribers again.
---@class tollbell.ContractOpenedEvent
---@field kind "contract.opened"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ContractChanged

--- What a user has is no longer what it was.
---@class tollbell.EntitlementChangedEvent
---@field kind "entitlement.changed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.EntitlementChanged

--- What the node did in the last second; with more of it on `ops`.
---@class tollbell.HubStatsHint
---@field kind "hub.stats"
---@field topics string[]
---@field data tollbell.Pulse

--- Somebody bought a name, or it came with an import.
---@class tollbell.NameRegisteredEvent
---@field kind "name.registered"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.NameChanged

--- A name has another owner, who is paid from here on.
---@class tollbell.NameTransferredEvent
---@field kind "name.transferred"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.NameChanged

--- The owner of a name changed where it leads.
---@class tollbell.NameUpdatedEvent
---@field kind "name.updated"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.NameChanged

--- The operator set the message of the day, or switched payments on or off.
---@class tollbell.NoticeChangedEvent
---@field kind "notice.changed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.NoticeChanged

--- An operator did something; the event stands in the transaction of what was done.
---@class tollbell.OpsActedEvent
---@field kind "ops.acted"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.Acted

--- Somebody moved the test clock of a hub that was started with --dev.
---@class tollbell.OpsClockAdvancedEvent
---@field kind "ops.clock_advanced"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ClockAdvanced

--- Something differed from what a provider says, and was repaired.
---@class tollbell.OpsDriftEvent
---@field kind "ops.drift"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.DriftFound

--- A server that no session paid for was told to stop, and has heard it.
---@class tollbell.OpsOrphanStoppedEvent
---@field kind "ops.orphan_stopped"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.OrphanStopped

--- The orchestrator reported what can't be.
---@class tollbell.OpsServerAnomalyEvent
---@field kind "ops.server_anomaly"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerAnomaly

--- An event of a provider waits, failed, or says something that an operator should look at.
---@class tollbell.OpsWebhookFailedEvent
---@field kind "ops.webhook_failed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.WebhookFailed

--- An event of a provider of which operators were told was applied, or needs nothing.
---@class tollbell.OpsWebhookSettledEvent
---@field kind "ops.webhook_settled"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.WebhookSettled

--- Money moved from one wallet to another.
---@class tollbell.PaymentMadeEvent
---@field kind "payment.made"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.PaymentMade

--- The operator made or changed a plan.
---@class tollbell.PlanChangedEvent
---@field kind "plan.changed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.PlanChanged

--- The game made the wallet for a player.
---@class tollbell.PlayerLinkedEvent
---@field kind "player.linked"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.PlayerChange

--- The player of the wallet is called otherwise.
---@class tollbell.PlayerRenamedEvent
---@field kind "player.renamed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.PlayerChange

--- A payment failed; the provider may try again.
---@class tollbell.PurchaseFailedEvent
---@field kind "purchase.failed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.PurchaseChanged

--- Money came in for a purchase.
---@class tollbell.PurchasePaidEvent
---@field kind "purchase.paid"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.PurchaseChanged

--- Money of a purchase was given back.
---@class tollbell.PurchaseRefundedEvent
---@field kind "purchase.refunded"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.PurchaseChanged

--- A bot should give or take the role of a plan.
---@class tollbell.RoleChangedEvent
---@field kind "role.changed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.RoleChanged

--- The hub gave the session up: its server was silent, or its stop was never confirmed.
---@class tollbell.ServerExpiredEvent
---@field kind "server.expired"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerChanged

--- There never was a server, and nothing is charged.
---@class tollbell.ServerFailedEvent
---@field kind "server.failed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerChanged

--- The orchestrator ended the server the hard way.
---@class tollbell.ServerKilledEvent
---@field kind "server.killed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerChanged

--- The orchestrator is at it.
---@class tollbell.ServerLaunchingEvent
---@field kind "server.launching"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerChanged

--- Minutes are reserved and a server is ordered.
---@class tollbell.ServerPendingEvent
---@field kind "server.pending"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerChanged

--- Players can join.
---@class tollbell.ServerReadyEvent
---@field kind "server.ready"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerChanged

--- The server is down and its minutes are charged.
---@class tollbell.ServerStoppedEvent
---@field kind "server.stopped"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerChanged

--- The server is going down.
---@class tollbell.ServerStoppingEvent
---@field kind "server.stopping"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerChanged

--- A server lives; at most once in half a minute.
---@class tollbell.ServerTickHint
---@field kind "server.tick"
---@field topics string[]
---@field data tollbell.ServerTick

--- Something else is known of the session, which stands where it stood.
---@class tollbell.ServerUpdatedEvent
---@field kind "server.updated"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerChanged

--- So many minutes are left. For its owner only.
---@class tollbell.ServerWarningEvent
---@field kind "server.warning"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ServerWarning

--- The subscriber wants to end with the term, and is entitled until then.
---@class tollbell.SubscriptionCancelRequestedEvent
---@field kind "subscription.cancel_requested"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.SubscriptionChanged

--- The subscription ended: as its wallet wanted, with its contract, or by the operator.
---@class tollbell.SubscriptionCanceledEvent
---@field kind "subscription.canceled"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.SubscriptionChanged

--- The operator made it a subscription that its wallet can't end.
---@class tollbell.SubscriptionForcedEvent
---@field kind "subscription.forced"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.SubscriptionChanged

--- The subscription ended with its term although its wallet did not ask for that.
---@class tollbell.SubscriptionLapsedEvent
---@field kind "subscription.lapsed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.SubscriptionChanged

--- The subscriber holds less than the price; `subscription.lapsed` follows.
---@class tollbell.SubscriptionPaymentFailedEvent
---@field kind "subscription.payment_failed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.SubscriptionChanged

--- Another term was paid; its payment is the event before.
---@class tollbell.SubscriptionRenewedEvent
---@field kind "subscription.renewed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.SubscriptionChanged

--- The subscriber goes on after all.
---@class tollbell.SubscriptionResumedEvent
---@field kind "subscription.resumed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.SubscriptionChanged

--- A wallet subscribed and paid for a first term; its payment is the event before.
---@class tollbell.SubscriptionStartedEvent
---@field kind "subscription.started"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.SubscriptionChanged

--- The subscriber agreed to the newest terms, from the next term on.
---@class tollbell.SubscriptionTermsAcceptedEvent
---@field kind "subscription.terms_accepted"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.SubscriptionChanged

--- The contract has other terms; the subscriber keeps the old ones until it agrees.
---@class tollbell.SubscriptionTermsChangedEvent
---@field kind "subscription.terms_changed"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.SubscriptionChanged

--- Minutes were used, or given back.
---@class tollbell.UsageRecordedEvent
---@field kind "usage.recorded"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.UsageRecorded

--- Minutes that were held are free again, and nothing was charged.
---@class tollbell.UsageReleasedEvent
---@field kind "usage.released"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.UsageHeld

--- Minutes are held for a server session.
---@class tollbell.UsageReservedEvent
---@field kind "usage.reserved"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.UsageHeld

--- A share of a window's minutes is used; each share is told once in a window.
---@class tollbell.UsageThresholdEvent
---@field kind "usage.threshold"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.UsageThreshold

--- Somebody signed in with Discord, or a program vouched for them, for the first time.
---@class tollbell.UserLinkedEvent
---@field kind "user.linked"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.UserLinked

--- A user proved that a wallet is theirs.
---@class tollbell.UserWalletLinkedEvent
---@field kind "user.wallet_linked"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.WalletLink

--- A wallet is no longer a user's.
---@class tollbell.UserWalletUnlinkedEvent
---@field kind "user.wallet_unlinked"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.WalletLink

--- Somebody logged in with a new private key, or the operator made a wallet.
---@class tollbell.WalletCreatedEvent
---@field kind "wallet.created"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.WalletChange

--- The operator locked the wallet: it can't log in and can't pay.
---@class tollbell.WalletLockedEvent
---@field kind "wallet.locked"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.WalletChange

--- The operator unlocked the wallet.
---@class tollbell.WalletUnlockedEvent
---@field kind "wallet.unlocked"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.WalletChange

--- Any event. Test `event.kind` first.
---@alias tollbell.Event tollbell.CheckoutChangedEvent|tollbell.ContractCanceledEvent|tollbell.ContractClosedEvent|tollbell.ContractCreatedEvent|tollbell.ContractEditedEvent|tollbell.ContractOpenedEvent|tollbell.EntitlementChangedEvent|tollbell.NameRegisteredEvent|tollbell.NameTransferredEvent|tollbell.NameUpdatedEvent|tollbell.NoticeChangedEvent|tollbell.OpsActedEvent|tollbell.OpsClockAdvancedEvent|tollbell.OpsDriftEvent|tollbell.OpsOrphanStoppedEvent|tollbell.OpsServerAnomalyEvent|tollbell.OpsWebhookFailedEvent|tollbell.OpsWebhookSettledEvent|tollbell.PaymentMadeEvent|tollbell.PlanChangedEvent|tollbell.PlayerLinkedEvent|tollbell.PlayerRenamedEvent|tollbell.PurchaseFailedEvent|tollbell.PurchasePaidEvent|tollbell.PurchaseRefundedEvent|tollbell.RoleChangedEvent|tollbell.ServerExpiredEvent|tollbell.ServerFailedEvent|tollbell.ServerKilledEvent|tollbell.ServerLaunchingEvent|tollbell.ServerPendingEvent|tollbell.ServerReadyEvent|tollbell.ServerStoppedEvent|tollbell.ServerStoppingEvent|tollbell.ServerUpdatedEvent|tollbell.ServerWarningEvent|tollbell.SubscriptionCancelRequestedEvent|tollbell.SubscriptionCanceledEvent|tollbell.SubscriptionForcedEvent|tollbell.SubscriptionLapsedEvent|tollbell.SubscriptionPaymentFailedEvent|tollbell.SubscriptionRenewedEvent|tollbell.SubscriptionResumedEvent|tollbell.SubscriptionStartedEvent|tollbell.SubscriptionTermsAcceptedEvent|tollbell.SubscriptionTermsChangedEvent|tollbell.UsageRecordedEvent|tollbell.UsageReleasedEvent|tollbell.UsageReservedEvent|tollbell.UsageThresholdEvent|tollbell.UserLinkedEvent|tollbell.UserWalletLinkedEvent|tollbell.UserWalletUnlinkedEvent|tollbell.WalletCreatedEvent|tollbell.WalletLockedEvent|tollbell.WalletUnlockedEvent
