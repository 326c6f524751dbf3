---@meta
-- The shapes of events, requests and answers, for editors. Written by `clients/types/generate`: do not edit.

--- What to agree to.
---@class tollbell.AcceptBody
---@field contract_version? integer|nil The `contract_version` of the terms that were read; other terms are refused.

--- What is paid when renewals were held up for longer than a term.
---@alias tollbell.CatchUp "one"|"all"

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

--- What is wrong with one field.
---@class tollbell.Detail
---@field field string The field's path in the body, such as `allow_list[2]`, or the name of a parameter.
---@field message string What it should be.

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

--- A subscription that the operator makes.
---@class tollbell.ForceBody
---@field address string Who pays.
---@field contract_id integer To what.

--- Who gets a name.
---@class tollbell.GiveBody
---@field to string The new owner's address.

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
---@field ring_bytes integer Bytes of these.
---@field ring_events integer Events in memory now.
---@field sent_bytes integer Bytes sent to connections in the last second.

--- A session's token.
---@class tollbell.OpenedView
---@field address string The wallet.
---@field expires string When the token ends.
---@field token string Goes into `Authorization: Bearer`. It is shown once.

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

--- A live session as the operator sees it.
---@class tollbell.SessionRowView
---@field address string The wallet.
---@field created_at string When it was opened.
---@field expires_at string When its token ends.
---@field id string The session's public id.
---@field user_agent? string|nil What the client calls itself.

--- The session of a caller.
---@class tollbell.SessionView
---@field address string The wallet.
---@field expires string When the token ends.
---@field id string The session's public id.

--- How to subscribe.
---@class tollbell.SubscribeBody
---@field max_price? number|nil A higher price is refused: it may have changed since it was read.

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

--- How much money there is.
---@class tollbell.SupplyView
---@field supply number The sum of all balances but the system's own.

--- A ticket for one websocket.
---@class tollbell.TicketView
---@field expires_in_s integer Seconds until it is worth nothing.
---@field ticket string Goes into `?ticket=` of `/api/v1/ws`, once.

--- What to change about a name.
---@class tollbell.UpdateBody
---@field record? string|nil Where it leads: 1 to 255 visible ASCII characters, of which the first is none of `.?#`; null for nowhere.

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

--- Somebody moved the test clock of a hub that was started with --dev.
---@class tollbell.OpsClockAdvancedEvent
---@field kind "ops.clock_advanced"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.ClockAdvanced

--- Money moved from one wallet to another.
---@class tollbell.PaymentMadeEvent
---@field kind "payment.made"
---@field seq integer Its number in the log.
---@field at string When it was committed.
---@field topics string[]
---@field data tollbell.PaymentMade

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
---@alias tollbell.Event tollbell.ContractCanceledEvent|tollbell.ContractClosedEvent|tollbell.ContractCreatedEvent|tollbell.ContractEditedEvent|tollbell.ContractOpenedEvent|tollbell.NameRegisteredEvent|tollbell.NameTransferredEvent|tollbell.NameUpdatedEvent|tollbell.OpsClockAdvancedEvent|tollbell.PaymentMadeEvent|tollbell.SubscriptionCancelRequestedEvent|tollbell.SubscriptionCanceledEvent|tollbell.SubscriptionForcedEvent|tollbell.SubscriptionLapsedEvent|tollbell.SubscriptionPaymentFailedEvent|tollbell.SubscriptionRenewedEvent|tollbell.SubscriptionResumedEvent|tollbell.SubscriptionStartedEvent|tollbell.SubscriptionTermsAcceptedEvent|tollbell.SubscriptionTermsChangedEvent|tollbell.WalletCreatedEvent|tollbell.WalletLockedEvent|tollbell.WalletUnlockedEvent
