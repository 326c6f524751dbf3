/** The data of every event, by its kind. */
export interface Events {
    /** A checkout was opened, or became something else. */
    "checkout.changed": CheckoutChanged;
    /** The contract is over: nobody is entitled any more, and each subscription ends with its own event. */
    "contract.canceled": ContractChanged;
    /** The owner takes no new subscribers. */
    "contract.closed": ContractChanged;
    /** A wallet offers a contract. */
    "contract.created": ContractChanged;
    /** The owner changed a contract. */
    "contract.edited": ContractChanged;
    /** The owner takes new subscribers again. */
    "contract.opened": ContractChanged;
    /** What a user has is no longer what it was. */
    "entitlement.changed": EntitlementChanged;
    /** Somebody bought a name, or it came with an import. */
    "name.registered": NameChanged;
    /** A name has another owner, who is paid from here on. */
    "name.transferred": NameChanged;
    /** The owner of a name changed where it leads. */
    "name.updated": NameChanged;
    /** The operator set the message of the day, or switched payments on or off. */
    "notice.changed": NoticeChanged;
    /** An operator did something; the event stands in the transaction of what was done. */
    "ops.acted": Acted;
    /** Somebody moved the test clock of a hub that was started with --dev. */
    "ops.clock_advanced": ClockAdvanced;
    /** Something differed from what a provider says, and was repaired. */
    "ops.drift": DriftFound;
    /** A server that no session paid for was told to stop, and has heard it. */
    "ops.orphan_stopped": OrphanStopped;
    /** The orchestrator reported what can't be. */
    "ops.server_anomaly": ServerAnomaly;
    /** An event of a provider waits, failed, or says something that an operator should look at. */
    "ops.webhook_failed": WebhookFailed;
    /** An event of a provider of which operators were told was applied, or needs nothing. */
    "ops.webhook_settled": WebhookSettled;
    /** Money moved from one wallet to another. */
    "payment.made": PaymentMade;
    /** The operator made or changed a plan. */
    "plan.changed": PlanChanged;
    /** The game made the wallet for a player. */
    "player.linked": PlayerChange;
    /** The player of the wallet is called otherwise. */
    "player.renamed": PlayerChange;
    /** A payment failed; the provider may try again. */
    "purchase.failed": PurchaseChanged;
    /** Money came in for a purchase. */
    "purchase.paid": PurchaseChanged;
    /** Money of a purchase was given back. */
    "purchase.refunded": PurchaseChanged;
    /** A bot should give or take the role of a plan. */
    "role.changed": RoleChanged;
    /** The hub gave the session up: its server was silent, or its stop was never confirmed. */
    "server.expired": ServerChanged;
    /** There never was a server, and nothing is charged. */
    "server.failed": ServerChanged;
    /** The orchestrator ended the server the hard way. */
    "server.killed": ServerChanged;
    /** The orchestrator is at it. */
    "server.launching": ServerChanged;
    /** Minutes are reserved and a server is ordered. */
    "server.pending": ServerChanged;
    /** Players can join. */
    "server.ready": ServerChanged;
    /** The server is down and its minutes are charged. */
    "server.stopped": ServerChanged;
    /** The server is going down. */
    "server.stopping": ServerChanged;
    /** Something else is known of the session, which stands where it stood. */
    "server.updated": ServerChanged;
    /** So many minutes are left. For its owner only. */
    "server.warning": ServerWarning;
    /** The subscriber wants to end with the term, and is entitled until then. */
    "subscription.cancel_requested": SubscriptionChanged;
    /** The subscription ended: as its wallet wanted, with its contract, or by the operator. */
    "subscription.canceled": SubscriptionChanged;
    /** The operator made it a subscription that its wallet can't end. */
    "subscription.forced": SubscriptionChanged;
    /** The subscription ended with its term although its wallet did not ask for that. */
    "subscription.lapsed": SubscriptionChanged;
    /** The subscriber holds less than the price; `subscription.lapsed` follows. */
    "subscription.payment_failed": SubscriptionChanged;
    /** Another term was paid; its payment is the event before. */
    "subscription.renewed": SubscriptionChanged;
    /** The subscriber goes on after all. */
    "subscription.resumed": SubscriptionChanged;
    /** A wallet subscribed and paid for a first term; its payment is the event before. */
    "subscription.started": SubscriptionChanged;
    /** The subscriber agreed to the newest terms, from the next term on. */
    "subscription.terms_accepted": SubscriptionChanged;
    /** The contract has other terms; the subscriber keeps the old ones until it agrees. */
    "subscription.terms_changed": SubscriptionChanged;
    /** Minutes were used, or given back. */
    "usage.recorded": UsageRecorded;
    /** Minutes that were held are free again, and nothing was charged. */
    "usage.released": UsageHeld;
    /** Minutes are held for a server session. */
    "usage.reserved": UsageHeld;
    /** A share of a window's minutes is used; each share is told once in a window. */
    "usage.threshold": UsageThreshold;
    /** Somebody signed in with Discord, or a program vouched for them, for the first time. */
    "user.linked": UserLinked;
    /** A user proved that a wallet is theirs. */
    "user.wallet_linked": WalletLink;
    /** A wallet is no longer a user's. */
    "user.wallet_unlinked": WalletLink;
    /** Somebody logged in with a new private key, or the operator made a wallet. */
    "wallet.created": WalletChange;
    /** The operator locked the wallet: it can't log in and can't pay. */
    "wallet.locked": WalletChange;
    /** The operator unlocked the wallet. */
    "wallet.unlocked": WalletChange;
}
/** The data of every hint, by its kind. */
export interface Hints {
    /** What the node did in the last second; with more of it on `ops`. */
    "hub.stats": Pulse;
    /** A server lives; at most once in half a minute. */
    "server.tick": ServerTick;
}
/** A committed change, as it is sent. */
export interface EventOf<K extends keyof Events> {
    type: "event";
    seq: number;
    kind: K;
    topics: string[];
    at: string;
    data: Events[K];
}
/** An event of any kind that this client knows; newer hubs may tell others. */
export type AnyEvent = {
    [K in keyof Events]: EventOf<K>;
}[keyof Events];
/** Something that happens now and is in no log. */
export interface HintOf<K extends keyof Hints> {
    type: "hint";
    kind: K;
    topics: string[];
    data: Hints[K];
}
export type AnyHint = {
    [K in keyof Hints]: HintOf<K>;
}[keyof Hints];
/** Where a name leads, for programs that ask: 1 to 255 visible ASCII characters, of which the first is none of `.?#`. */
export type ARecord = string;
/** What to agree to. */
export type AcceptBody = {
    /** The `contract_version` of the terms that were read; other terms are refused. */
    contract_version?: number | null;
};
/** The answer of the access check: whether a user may start a server session, with what, and until when. Every key is always there. */
export type AccessView = {
    /** Whether the user has a plan that can be used now. */
    active: boolean;
    /** The newest open server session. */
    active_session?: Record<string, unknown> | null;
    /** Minutes neither used nor held: what a session that starts now may get. */
    available_server_minutes: number;
    /** Whether it ends with the period. */
    cancel_at_period_end: boolean;
    /** When it ends; null when it goes on. */
    ends_at?: Timestamp | null;
    /** Everything that can be used, the best first. */
    entitlements: EntitlementView[];
    /** Until when it works although a payment failed. */
    grace_until?: Timestamp | null;
    /** Sessions that may be open at once. */
    max_concurrent_servers: number;
    /** Minutes of one session at the most. */
    max_session_minutes: number;
    /** Minutes in each window. */
    monthly_server_minutes: number;
    /** All open server sessions, the newest first. */
    open_sessions: Record<string, unknown>[];
    /** When the period that was paid for ends. */
    period_end?: Timestamp | null;
    /** When the period that was paid for began. */
    period_start?: Timestamp | null;
    /** The plan's name for people. */
    plan?: string | null;
    /** Where it comes from. */
    provider?: Provider | null;
    /** Minutes not used. */
    remaining_server_minutes: number;
    /** When it is paid anew; null when it is not. */
    renews_at?: Timestamp | null;
    /** Minutes held for open sessions. */
    reserved_server_minutes: number;
    /** How it stands with its provider. */
    status?: Status | null;
    /** The plan's stable name. */
    tier?: Tier | null;
    /** When the minutes are new again. */
    usage_window_end?: Timestamp | null;
    /** When the window began in which minutes are counted now. */
    usage_window_start?: Timestamp | null;
    /** Minutes used in this window. */
    used_server_minutes: number;
};
/** The address of a wallet: `k` and nine of `a-z0-9`, or the system's own wallet. */
export type Address = string;
/** Minutes to give or to take. */
export type AdjustBody = {
    /** Whose minutes; those of the user's plan when absent. */
    entitlement_id?: number | null;
    /** Names the entry, 1 to 128 characters: the same key is the same entry. Made when absent. */
    entry_key?: Reference | null;
    /** Below 0 for minutes that are given, above 0 for minutes that are taken; at most 100,000 either way. */
    minutes: number;
    /** Why, 1 to 500 characters. */
    reason: string;
};
/** An adjustment. */
export type AdjustedView = {
    /** Whose. */
    discord_user_id: DiscordId;
    /** Whether it was there before. */
    duplicate: boolean;
    /** What the user has now. */
    entitlement: AccessView;
    /** The entry's name. */
    entry_key: string;
    /** When the window began in which it counts. */
    window_start: Timestamp;
};
/** Who may subscribe: 1 to 1,000 wallets, each once, in order. */
export type AllowList = Address[];
/** A positive decimal number (or the same as a string), exact to the currency's scale. */
export type AmountText = number;
/** A subscription after it was changed. */
export type BoughtAnswer = {
    /** The subscription. */
    subscription: BoughtView;
};
/** A subscription that was bought. */
export type BoughtView = {
    /** Whether it ends then. */
    cancel_at_period_end: boolean;
    /** Until when it is paid. */
    period_end: Timestamp;
    /** How it stands. */
    status: Status;
    /** The provider's name for it. */
    subscription_id: Reference;
    /** The plan that it gives now. */
    tier: Tier;
};
/** What is paid when renewals were held up for longer than a term. */
export type CatchUp = "one" | "all";
/** Which plan to have instead. */
export type ChangePlanBody = {
    /** Whose; programs must say, users need not. */
    owner_discord_id?: string | null;
    /** Which of the plan's products; by default the first. */
    product_id?: string | null;
    /** The plan. */
    tier: string;
    /** When it begins. */
    when?: When;
};
/** A charge on the wire. */
export type ChargeView = {
    /** How much. */
    amount: Decimal;
    /** When it was paid. */
    charged_at: Timestamp;
    /** When it was due. */
    due_at: Timestamp;
    /** The payment. */
    payment_id: PaymentId;
    /** In which run. */
    run: number;
    /** For which term of it. */
    term: number;
};
/** Whether a name can be bought. */
export type CheckView = {
    /** Whether nobody owns it. */
    available: boolean;
    /** The name, without its suffix. */
    name: Name;
    /** What a name costs. */
    price: Decimal;
};
/** A checkout. */
export type CheckoutAnswer = CheckoutView;
/** What to buy. */
export type CheckoutBody = {
    /** For whom; programs must say, users need not. */
    owner_discord_id?: string | null;
    /** Which of the plan's products, such as the one for a year; by default the first. */
    product_id?: string | null;
    /** Where to go afterwards; `{CHECKOUT_ID}` is filled in. */
    success_url?: string | null;
    /** The plan. */
    tier: string;
};
/** How a checkout stands. Of two news with one place in the provider's order, the later status here is the newer one. */
export type CheckoutStatus = "open" | "confirmed" | "expired" | "failed" | "succeeded";
/** A page on which a user can pay, and what became of it. */
export type CheckoutView = {
    /** The provider's name for it. */
    checkout_id: Reference;
    /** Who. */
    discord_user_id: DiscordId;
    /** Until when it can be paid. */
    expires_at: Timestamp;
    /** How it stands. `confirmed` means that the buyer pressed pay, `succeeded` that it is paid. */
    status: CheckoutStatus;
    /** For which plan; null when it is sold as none. */
    tier?: Tier | null;
    /** Where its page is. */
    url?: string | null;
};
/** How far to move the test clock. */
export type ClockBody = {
    /** Seconds, 1 to 315,360,000 (ten years). The clock never goes back. */
    advance_s: number;
};
/** Where the test clock stands. */
export type ClockView = {
    /** The time it shows. */
    now: Timestamp;
    /** How far it is ahead of the database's own clock, in seconds. */
    offset_s: number;
};
/** A gift. */
export type CompBody = {
    /** Whether its minutes are new each month until `expires_at`. */
    auto_renew?: boolean;
    /** When a gift that goes on by itself ends. */
    expires_at?: Timestamp | null;
    /** How many months it lasts, 1 to 120; or `period_end`, or `expires_at`. */
    months?: number | null;
    /** Why, at most 500 characters. */
    note?: string | null;
    /** When it ends; or `months`, or `expires_at`. */
    period_end?: Timestamp | null;
    /** When it begins; now when absent. */
    period_start?: Timestamp | null;
    /** Names the gift, so that giving it again changes nothing; made when absent. */
    ref?: Reference | null;
    /** The plan. */
    tier: string;
};
/** A plan that an operator gave. */
export type CompView = EntitlementView & {
    /** Whose it is. */
    discord_user_id: DiscordId;
    /** Whether it is over: it was ended, or its time has come. */
    ended: boolean;
    /** Who said so last: the public name of a service key. */
    granted_by?: string | null;
};
/** What a comparison came to. */
export type ComparedView = {
    /** What differed, and was repaired. */
    drift: Drift[];
};
/** A page of gifts. */
export type Comps = {
    /** The gifts, newest first. */
    comps: CompView[];
    /** The `before` of the next page; null on the last one. */
    next?: number | null;
};
/** One connection. */
export type ConnectionView = {
    /** Who speaks, as in `welcome`; null for a guest. */
    caller?: Record<string, unknown> | null;
    /** Its name, which stands in its `welcome`. */
    id: string;
    /** Whether it is handed what comes; else it reads on at its own pace. */
    live: boolean;
    /** Where it comes from. */
    peer: string;
    /** Everything it listens to up to here was handed to its socket. */
    position: Seq;
    /** Bytes that its socket has not accepted. */
    queued_bytes: number;
    /** What it listens to. */
    topics: Topic[];
};
/** The connections of one node. */
export type ConnectionsView = {
    /** At most 200 of them: those that are behind first, then the newest. */
    connections: ConnectionView[];
    /** The newest event of this node. */
    head: Seq;
    /** The 100 topics that most listen to. */
    topics: TopicView[];
    /** How many there are. */
    total: number;
};
/** A contract. */
export type ContractId = number;
/** Whether a contract can be subscribed to. */
export type ContractStatus = "open" | "closed" | "canceled";
/** A contract as one caller may see it. */
export type ContractView = PublicContract & {
    /** Who may subscribe; null is everybody, and what others than the owner see. */
    allow_list?: AllowList | null;
    /** Whether the caller's wallet may subscribe as far as the allow list is concerned; null without one. */
    eligible?: boolean | null;
    /** When the terms of a cron expression end next. */
    next_occurrence?: Timestamp | null;
    /** How many are subscribed; counted up to 10,000. */
    subscribers: number;
};
/** How many are connected. */
export type CountView = {
    /** Websockets of this node. */
    count: number;
};
/** A contract to offer. */
export type CreateBody = ScheduleBody & {
    /** Who may subscribe, at most 1,000 wallets; absent or empty is everybody. */
    allow_list?: string[] | null;
    /** What is paid when renewals were held up for longer than a term. Default `one`. */
    catch_up?: CatchUp | null;
    /** 1 to 255 characters. */
    description?: string | null;
    /** How many may be subscribed at once; absent is any number. */
    max_subscribers?: number | null;
    /** What a term costs. */
    price: AmountText;
    /** 1 to 64 characters. */
    title: string;
};
/** A wallet that was made for a player. */
export type Created = {
    /** The address. */
    address: Address;
    /** The private key. It is not stored: this is the only time it is shown. */
    privatekey: string;
};
/** The envelope of every successful answer. */
export type Data_CheckView = {
    /** Whether a name can be bought. */
    data: {
        /** Whether nobody owns it. */
        available: boolean;
        /** The name, without its suffix. */
        name: Name;
        /** What a name costs. */
        price: Decimal;
    };
};
/** The envelope of every successful answer. */
export type Data_ClockView = {
    /** Where the test clock stands. */
    data: {
        /** The time it shows. */
        now: Timestamp;
        /** How far it is ahead of the database's own clock, in seconds. */
        offset_s: number;
    };
};
/** The envelope of every successful answer. */
export type Data_ConnectionsView = {
    /** The connections of one node. */
    data: {
        /** At most 200 of them: those that are behind first, then the newest. */
        connections: ConnectionView[];
        /** The newest event of this node. */
        head: Seq;
        /** The 100 topics that most listen to. */
        topics: TopicView[];
        /** How many there are. */
        total: number;
    };
};
/** The envelope of every successful answer. */
export type Data_ContractView = {
    /** A contract as one caller may see it. */
    data: PublicContract & {
        /** Who may subscribe; null is everybody, and what others than the owner see. */
        allow_list?: AllowList | null;
        /** Whether the caller's wallet may subscribe as far as the allow list is concerned; null without one. */
        eligible?: boolean | null;
        /** When the terms of a cron expression end next. */
        next_occurrence?: Timestamp | null;
        /** How many are subscribed; counted up to 10,000. */
        subscribers: number;
    };
};
/** The envelope of every successful answer. */
export type Data_CountView = {
    /** How many are connected. */
    data: {
        /** Websockets of this node. */
        count: number;
    };
};
/** The envelope of every successful answer. */
export type Data_Ended = {
    /** How many sessions ended. */
    data: {
        /** The number. */
        revoked: number;
    };
};
/** The envelope of every successful answer. */
export type Data_NameDoneView = {
    /** A name after a change, and the payment that tells of it. */
    data: NameView & {
        /** The payment; null when nothing changed. */
        payment?: PaymentMade | null;
    };
};
/** The envelope of every successful answer. */
export type Data_NameView = {
    /** A name on the wire. */
    data: {
        /** The name, without its suffix. */
        name: Name;
        /** Who bought it. */
        original_owner: Address;
        /** Whose it is. */
        owner: Address;
        /** Where it leads. */
        record?: ARecord | null;
        /** When it was bought. */
        registered_at: Timestamp;
        /** When it got another owner, if it did. */
        transferred_at?: Timestamp | null;
        /** When it got its owner or its record. */
        updated_at: Timestamp;
        /** Raised by 1 with each event of the name; also the `ETag`. */
        version: number;
    };
};
/** The envelope of every successful answer. */
export type Data_Nothing = {
    /** Nothing more to say. */
    data: Record<string, unknown>;
};
/** The envelope of every successful answer. */
export type Data_NoticeView = {
    /** What every client is told about the community. */
    data: {
        /** The message of the day. */
        motd: string;
        /** When it was set. */
        motd_set_at: Timestamp;
        /** Whether wallets may pay. */
        transactions_enabled: boolean;
    };
};
/** The envelope of every successful answer. */
export type Data_OfferMade = {
    /** The number of a contract. */
    data: {
        id: ContractId;
    };
};
/** The envelope of every successful answer. */
export type Data_OpenedView = {
    /** A session's token. */
    data: {
        /** The wallet. */
        address: Address;
        /** When the token ends. */
        expires: Timestamp;
        /** Goes into `Authorization: Bearer`. It is shown once. */
        token: string;
    };
};
/** The envelope of every successful answer. */
export type Data_Page_ChargeView = {
    /** One page of a list. */
    data: {
        /** How many rows are on this page. */
        count: number;
        /** The rows, in the order the route documents. */
        items: {
            /** How much. */
            amount: Decimal;
            /** When it was paid. */
            charged_at: Timestamp;
            /** When it was due. */
            due_at: Timestamp;
            /** The payment. */
            payment_id: PaymentId;
            /** In which run. */
            run: number;
            /** For which term of it. */
            term: number;
        }[];
        /** The `before` or `after_id` of the next page, null on the last one. */
        next?: number | null;
        /** How many rows follow this page. */
        remaining: number;
    };
};
/** The envelope of every successful answer. */
export type Data_Page_ContractView = {
    /** One page of a list. */
    data: {
        /** How many rows are on this page. */
        count: number;
        /** The rows, in the order the route documents. */
        items: (PublicContract & {
            /** Who may subscribe; null is everybody, and what others than the owner see. */
            allow_list?: AllowList | null;
            /** Whether the caller's wallet may subscribe as far as the allow list is concerned; null without one. */
            eligible?: boolean | null;
            /** When the terms of a cron expression end next. */
            next_occurrence?: Timestamp | null;
            /** How many are subscribed; counted up to 10,000. */
            subscribers: number;
        })[];
        /** The `before` or `after_id` of the next page, null on the last one. */
        next?: number | null;
        /** How many rows follow this page. */
        remaining: number;
    };
};
/** The envelope of every successful answer. */
export type Data_Page_NameView = {
    /** One page of a list. */
    data: {
        /** How many rows are on this page. */
        count: number;
        /** The rows, in the order the route documents. */
        items: {
            /** The name, without its suffix. */
            name: Name;
            /** Who bought it. */
            original_owner: Address;
            /** Whose it is. */
            owner: Address;
            /** Where it leads. */
            record?: ARecord | null;
            /** When it was bought. */
            registered_at: Timestamp;
            /** When it got another owner, if it did. */
            transferred_at?: Timestamp | null;
            /** When it got its owner or its record. */
            updated_at: Timestamp;
            /** Raised by 1 with each event of the name; also the `ETag`. */
            version: number;
        }[];
        /** The `before` or `after_id` of the next page, null on the last one. */
        next?: number | null;
        /** How many rows follow this page. */
        remaining: number;
    };
};
/** The envelope of every successful answer. */
export type Data_Page_PaymentMade = {
    /** One page of a list. */
    data: {
        /** How many rows are on this page. */
        count: number;
        /** The rows, in the order the route documents. */
        items: {
            /** How much. */
            amount: Decimal;
            /** When. */
            at: Timestamp;
            /** Who paid. */
            from: Address;
            /** The payer's version after it: dense, so a listener to the wallet sees that nothing is missing. */
            from_version: number;
            /** The payment's number, rising. */
            id: PaymentId;
            /** What the payer wrote on it, behind the name that was paid. */
            metadata?: Metadata | null;
            /** The name that was bought, or got another owner or record. */
            name?: Name | null;
            /** The payer's own name for it. */
            request_id?: RequestId | null;
            /** What stood before the `@` of that name. */
            sent_metaname?: Metaname | null;
            /** The name whose owner was paid. */
            sent_name?: Name | null;
            /** Who was paid. */
            to: Address;
            /** The payee's version after it. */
            to_version: number;
            /** Why. */
            type: PaymentKind;
        }[];
        /** The `before` or `after_id` of the next page, null on the last one. */
        next?: number | null;
        /** How many rows follow this page. */
        remaining: number;
    };
};
/** The envelope of every successful answer. */
export type Data_Page_ServerView = {
    /** One page of a list. */
    data: {
        /** How many rows are on this page. */
        count: number;
        /** The rows, in the order the route documents. */
        items: {
            /** What the game is called. */
            game: string;
            /** Which game. */
            game_code: string;
            /** Where to connect. */
            host: string;
            /** Its name. */
            id: ServerSessionId;
            /** Where to connect; null until it is known. */
            port?: number | null;
            /** Since when players can join. */
            ready_at?: Timestamp | null;
            /** When it was ordered. */
            started_at: Timestamp;
            /** Where it stands. */
            status: Status;
            /** When it ended. */
            stopped_at?: Timestamp | null;
            /** When it has to end; null until it is ready. */
            time_limit_at?: Timestamp | null;
            /** Raised by 1 with each event of the session, so a listener sees that nothing is missing. */
            version: number;
        }[];
        /** The `before` or `after_id` of the next page, null on the last one. */
        next?: number | null;
        /** How many rows follow this page. */
        remaining: number;
    };
};
/** The envelope of every successful answer. */
export type Data_Page_SubscriptionView = {
    /** One page of a list. */
    data: {
        /** How many rows are on this page. */
        count: number;
        /** The rows, in the order the route documents. */
        items: (ScheduleView & {
            /** Who pays. */
            address: Address;
            /** Whether the wallet may end it. */
            can_unsubscribe: boolean;
            /** When the wallet asked for the end. */
            cancel_requested_at?: Timestamp | null;
            /** What it is to. */
            contract_id: ContractId;
            /** The version of the contract that the wallet agreed to. */
            contract_version: number;
            /** When it ended. */
            ended_at?: Timestamp | null;
            /** Whether the wallet has now what it paid for. */
            entitled: boolean;
            /** Until when it is paid; null when it has ended. */
            lapsed_at?: Timestamp | null;
            /** The payment for the last term. */
            last_payment_id: PaymentId;
            /** Who is paid. */
            owner_address: Address;
            /** The terms that the wallet would have to agree to. */
            pending_change?: PendingChange | null;
            /** What the next term costs. */
            price: Decimal;
            /** Why it ended. */
            reason?: EndReason | null;
            /** Whether the term is over and the renewal is on its way. */
            renewing: boolean;
            /** How often the wallet has subscribed. */
            run: number;
            /** When this run began. */
            started_at: Timestamp;
            /** `active` renews, `pending` ends with its term. */
            status: SubscriptionStatus;
            /** Its number. */
            subscription_id: SubscriptionId;
            /** The last term that was paid, from 1 in each run. */
            term: number;
            /** When that term began. */
            term_started_at: Timestamp;
            /** Raised by 1 with each event of the subscription. */
            version: number;
        })[];
        /** The `before` or `after_id` of the next page, null on the last one. */
        next?: number | null;
        /** How many rows follow this page. */
        remaining: number;
    };
};
/** The envelope of every successful answer. */
export type Data_PartedView = {
    /** Which connection was ended. */
    data: {
        /** Its name. */
        id: string;
    };
};
/** The envelope of every successful answer. */
export type Data_PaymentMade = {
    /** The data of `payment.made`. */
    data: {
        /** How much. */
        amount: Decimal;
        /** When. */
        at: Timestamp;
        /** Who paid. */
        from: Address;
        /** The payer's version after it: dense, so a listener to the wallet sees that nothing is missing. */
        from_version: number;
        /** The payment's number, rising. */
        id: PaymentId;
        /** What the payer wrote on it, behind the name that was paid. */
        metadata?: Metadata | null;
        /** The name that was bought, or got another owner or record. */
        name?: Name | null;
        /** The payer's own name for it. */
        request_id?: RequestId | null;
        /** What stood before the `@` of that name. */
        sent_metaname?: Metaname | null;
        /** The name whose owner was paid. */
        sent_name?: Name | null;
        /** Who was paid. */
        to: Address;
        /** The payee's version after it. */
        to_version: number;
        /** Why. */
        type: PaymentKind;
    };
};
/** The envelope of every successful answer. */
export type Data_Revoked = {
    /** How many sessions ended. */
    data: {
        /** The number; repeat the request while it is 5,000. */
        revoked: number;
    };
};
/** The envelope of every successful answer. */
export type Data_ServerView = {
    /** A session as everybody may see it: no password, no owner. */
    data: {
        /** What the game is called. */
        game: string;
        /** Which game. */
        game_code: string;
        /** Where to connect. */
        host: string;
        /** Its name. */
        id: ServerSessionId;
        /** Where to connect; null until it is known. */
        port?: number | null;
        /** Since when players can join. */
        ready_at?: Timestamp | null;
        /** When it was ordered. */
        started_at: Timestamp;
        /** Where it stands. */
        status: Status;
        /** When it ended. */
        stopped_at?: Timestamp | null;
        /** When it has to end; null until it is ready. */
        time_limit_at?: Timestamp | null;
        /** Raised by 1 with each event of the session, so a listener sees that nothing is missing. */
        version: number;
    };
};
/** The envelope of every successful answer. */
export type Data_SessionView = {
    /** The session of a caller. */
    data: {
        /** The wallet. */
        address: Address;
        /** When the token ends. */
        expires: Timestamp;
        /** The session's public id. */
        id: SessionId;
    };
};
/** The envelope of every successful answer. */
export type Data_SubscribedOffer = {
    /** When the next term is paid, in both spellings. */
    data: {
        nextPayment?: Timestamp | null;
        next_payment?: Timestamp | null;
    };
};
/** The envelope of every successful answer. */
export type Data_SubscribedView = {
    /** What subscribing came to. */
    data: SubscriptionView & {
        /** The payment for the first term; null when there was nothing to pay. */
        payment?: PaymentMade | null;
    };
};
/** The envelope of every successful answer. */
export type Data_SubscriptionOffer = {
    /** A contract, in both spellings. */
    data: {
        allowedSubscribers?: AllowList | null;
        /** Who may subscribe; only the owner is told. */
        allowed_subscribers?: AllowList | null;
        /** When the contract was made. */
        created: Timestamp;
        /** What is said of it. */
        description: string;
        /** Its number. */
        id: ContractId;
        maxSubscribers?: number | null;
        max_subscribers?: number | null;
        /** The name that it belongs to, such as `shop@bakery.kro`; the owner's address when it belongs to none. */
        name: string;
        nextPayment?: Timestamp | null;
        /** When it pays next. */
        next_payment?: Timestamp | null;
        /** Whether it owns the contract. */
        owns: boolean;
        /** How long a term is in minutes; 0 for one that the calendar gives. */
        period: number;
        /** What a term costs. */
        price: Decimal;
        /** `active`, `closed` or `cancelled`. */
        status: string;
        /** Whether the wallet that asks is subscribed. */
        subscribed: boolean;
        /** How many are subscribed. */
        subscribers: number;
        /** Whether it may leave. */
        unsubscribable: boolean;
    };
};
/** The envelope of every successful answer. */
export type Data_SubscriptionOffers = {
    /** A page of contracts. */
    data: {
        /** How many are on this page. */
        count: number;
        /** They themselves. */
        subscriptions: SubscriptionOffer[];
        /** How many there are. */
        total: number;
    };
};
/** The envelope of every successful answer. */
export type Data_SubscriptionView = {
    /** A subscription. */
    data: ScheduleView & {
        /** Who pays. */
        address: Address;
        /** Whether the wallet may end it. */
        can_unsubscribe: boolean;
        /** When the wallet asked for the end. */
        cancel_requested_at?: Timestamp | null;
        /** What it is to. */
        contract_id: ContractId;
        /** The version of the contract that the wallet agreed to. */
        contract_version: number;
        /** When it ended. */
        ended_at?: Timestamp | null;
        /** Whether the wallet has now what it paid for. */
        entitled: boolean;
        /** Until when it is paid; null when it has ended. */
        lapsed_at?: Timestamp | null;
        /** The payment for the last term. */
        last_payment_id: PaymentId;
        /** Who is paid. */
        owner_address: Address;
        /** The terms that the wallet would have to agree to. */
        pending_change?: PendingChange | null;
        /** What the next term costs. */
        price: Decimal;
        /** Why it ended. */
        reason?: EndReason | null;
        /** Whether the term is over and the renewal is on its way. */
        renewing: boolean;
        /** How often the wallet has subscribed. */
        run: number;
        /** When this run began. */
        started_at: Timestamp;
        /** `active` renews, `pending` ends with its term. */
        status: SubscriptionStatus;
        /** Its number. */
        subscription_id: SubscriptionId;
        /** The last term that was paid, from 1 in each run. */
        term: number;
        /** When that term began. */
        term_started_at: Timestamp;
        /** Raised by 1 with each event of the subscription. */
        version: number;
    };
};
/** The envelope of every successful answer. */
export type Data_SupplyView = {
    /** How much money there is. */
    data: {
        /** The sum of all balances but the system's own. */
        supply: Decimal;
    };
};
/** The envelope of every successful answer. */
export type Data_TicketView = {
    /** A ticket for one websocket. */
    data: {
        /** Seconds until it is worth nothing. */
        expires_in_s: number;
        /** Goes into `?ticket=` of `/api/v1/ws`, once. */
        ticket: string;
    };
};
/** The envelope of every successful answer. */
export type Data_TokenView = {
    /** A user's token, shown once. */
    data: {
        /** Whose it is. */
        discord_user_id: DiscordId;
        /** When it ends. */
        expires: Timestamp;
        /** Goes into `Authorization: Bearer` or `Authorization: Token`. */
        token: string;
    };
};
/** The envelope of every successful answer. */
export type Data_UserView = {
    /** A user and what is theirs. */
    data: User & {
        /** What a page that came by cookie sends as `X-CSRF-Token` to change something; absent for others. */
        csrf_token?: string | null;
        /** The address that Discord gave, if it did. */
        email?: string | null;
        /** Their wallets. */
        wallets: LinkedWallet[];
    };
};
/** The envelope of every successful answer. */
export type Data_Vec_PlayerWalletView = {
    data: {
        /** Its address. */
        address: Address;
        /** What it holds. */
        balance: Decimal;
        /** When it was made. */
        created_at: Timestamp;
        /** A number of it, which no other route takes. */
        id: WalletId;
        /** Whether it can't log in and can't pay. */
        locked: boolean;
        /** All that it ever received. */
        total_in: Decimal;
        /** All that it ever paid. */
        total_out: Decimal;
    }[];
};
/** The envelope of every successful answer. */
export type Data_Vec_SessionRowView = {
    data: {
        /** The wallet. */
        address: string;
        /** When it was opened. */
        created_at: Timestamp;
        /** When its token ends. */
        expires_at: Timestamp;
        /** The session's public id. */
        id: SessionId;
        /** What the client calls itself. */
        user_agent?: string | null;
    }[];
};
/** The envelope of every successful answer. */
export type Data_Vec_UserSessionView = {
    data: {
        /** When it was opened. */
        created_at: Timestamp;
        /** When its token ends. */
        expires_at: Timestamp;
        /** Its public id. */
        id: UserSessionId;
        /** The service key that issued it; null when they signed in themselves. */
        issued_by?: ServiceKeyId | null;
        /** What the client calls itself. */
        user_agent?: string | null;
    }[];
};
/** The envelope of every successful answer. */
export type Data_WalletChanged = {
    /** A wallet's version after a change. */
    data: {
        /** Its address. */
        address: Address;
        /** Its version. */
        version: number;
    };
};
/** The envelope of every successful answer. */
export type Data_WalletMade = {
    /** A wallet that was made. */
    data: {
        /** Its address. */
        address: Address;
        /** The private key, when it was made here. It is not stored: this is the only time it is shown. */
        privatekey?: string | null;
        /** Its version. */
        version: number;
    };
};
/** The envelope of every successful answer. */
export type Data_WalletView = {
    /** A wallet on the wire. */
    data: {
        /** Its address. */
        address: Address;
        /** What it holds. */
        balance: Decimal;
        /** When it was made. */
        created_at: Timestamp;
        /** Whether it can't log in and can't pay. */
        locked: boolean;
        /** All that it ever received. */
        total_in: Decimal;
        /** All that it ever paid. */
        total_out: Decimal;
        /** Raised by 1 with each event of the wallet; also the `ETag`. */
        version: number;
    };
};
/** The envelope of every successful answer. */
export type Data_WalletsView = {
    /** The wallets of a user. */
    data: {
        /** Whose. */
        discord_user_id: DiscordId;
        /** The wallets. */
        wallets: LinkedWallet[];
    };
};
/** The envelope of every successful answer. */
export type Data_Ways = {
    /** How people can sign in; a token works always. */
    data: {
        /** Whether `GET /api/v1/sign-in/discord` leads to Discord. */
        discord: boolean;
    };
};
/** A decimal number, exact to the currency's scale; read it as text, not as a float. */
export type Decimal = number;
/** What an owner says of a contract: 1 to 255 characters, none of them a control character but the line break. */
export type Description = string;
/** What is wrong with one field. */
export type Detail = {
    /** The field's path in the body, such as `allow_list[2]`, or the name of a parameter. */
    field: string;
    /** What it should be. */
    message: string;
};
/** A person, by the id that Discord gave them. A string in JSON: it exceeds the integers that JavaScript can hold. */
export type DiscordId = string;
/** What differed from what a provider says, and was repaired. */
export type Drift = {
    /** How it stands. */
    after: Stand;
    /** How it stood here; null when it was not known. */
    before?: Stand | null;
    /** Whose. */
    discord_user_id: DiscordId;
    /** Why it was looked at. */
    occasion: Occasion;
    /** The provider's name for it. */
    reference: Reference;
    what: "entitlement";
} | {
    /** Whether it delivers again. */
    enabled: boolean;
    what: "webhook_disabled";
} | {
    /** How many. */
    redelivered: number;
    what: "events_missing";
};
/** What to change about a contract; what is absent stays. */
export type EditBody = ScheduleBody & {
    /** Who may subscribe; null or empty for everybody. Who is no longer on it ends with the term. */
    allow_list?: string[] | null;
    /** What is paid when renewals were held up for longer than a term. */
    catch_up?: CatchUp | null;
    /** 1 to 255 characters; null for none. */
    description?: string | null;
    /** How many may be subscribed at once; null for any number. Nobody is put out. */
    max_subscribers?: number | null;
    /** What a term costs. Subscribers pay no more than they agreed to; less from their next term on. */
    price?: AmountText | null;
    /** Subscribers who have not agreed to the newest terms end with the first term that ends then or later; null for never. */
    require_consent_by?: Timestamp | null;
    /** `closed` and `open` as often as wanted; `canceled` once, and for good. */
    status?: ContractStatus | null;
    /** 1 to 64 characters. */
    title?: string | null;
    /** The version that the change is meant for; the same as `If-Match`. */
    version?: number | null;
};
/** Why a subscription ended. */
export type EndReason = "unsubscribed" | "insufficient_funds" | "contract_canceled" | "not_allowed" | "terms_not_accepted" | "owner_missing" | "subscriber_locked" | "same_wallet" | "revoked_by_operator";
/** How many sessions ended. */
export type Ended = {
    /** The number. */
    revoked: number;
};
/** What a user has from a provider. */
export type EntitlementBody = {
    /** Whether it ends with the period. Else news of its renewal are awaited for an hour. */
    cancel_at_period_end?: boolean;
    /** How many months it lasts, 1 to 120; or `period_end`. */
    months?: number | null;
    /** Why, at most 500 characters. */
    note?: string | null;
    /** When a payment failed, for `past_due`. */
    past_due_at?: Timestamp | null;
    /** When the period ends; or `months`. */
    period_end?: Timestamp | null;
    /** When the period began; now, or what it was before, when absent. */
    period_start?: Timestamp | null;
    /** The provider's product that is sold as the plan; or `tier`. */
    product_id?: Reference | null;
    /** How it stands; `active` when absent. A state that is none of the list grants nothing. */
    status?: string | null;
    /** The plan; or `product_id`. */
    tier?: string | null;
};
/** What one provider grants to one user. */
export type EntitlementId = number;
/** What one provider grants to one user. */
export type EntitlementView = {
    /** Whether it ends with the period. */
    cancel_at_period_end: boolean;
    /** When it ended. */
    ended_at?: Timestamp | null;
    /** When it will end. */
    ends_at?: Timestamp | null;
    /** Until when it can be used although a payment failed. */
    grace_until?: Timestamp | null;
    /** Its number. */
    id: EntitlementId;
    /** Why it was granted, if somebody said so. */
    note?: string | null;
    /** When a payment failed. */
    past_due_at?: Timestamp | null;
    /** When it was paused. */
    paused_at?: Timestamp | null;
    /** When its period ends. */
    period_end: Timestamp;
    /** When its period began. */
    period_start: Timestamp;
    /** The plan's name for people. */
    plan: string;
    /** Where it comes from. */
    provider: Provider;
    /** What the provider calls that. */
    provider_status?: string | null;
    /** The provider's name for it. */
    ref: Reference;
    /** When it goes on. */
    resumes_at?: Timestamp | null;
    /** How it stands. */
    status: Status;
    /** The plan. */
    tier: Tier;
    /** Rises by 1 with each change. */
    version: number;
};
/** Why minutes stand in the ledger. */
export type EntryReason = "server_session" | "admin_adjustment" | "correction";
/** An entry of the ledger. */
export type EntryView = {
    /** When it was added. */
    at: Timestamp;
    /** What of. */
    entitlement_id: EntitlementId;
    /** Its number. */
    id: number;
    /** Used, or below zero given back. */
    minutes: number;
    /** What was said of it. */
    note?: string | null;
    /** Why. */
    reason: EntryReason;
    /** The server session, if it was one. */
    session_id?: ServerSessionId | null;
    /** When its window ends. */
    window_end: Timestamp;
    /** When its window began. */
    window_start: Timestamp;
};
/** The name of one history. A restored or promoted database has another, so nobody continues on a rewound log. */
export type Epoch = string;
/** The body of every failed request. */
export type ErrorBody = {
    /** What went wrong. */
    error: ErrorContent;
};
/** The content of [`ErrorBody`]. */
export type ErrorContent = {
    /** Stable; programs branch on it. */
    code: string;
    /** The fields at fault; empty when no field is. */
    details: Detail[];
    /** For people; it may change. */
    message: string;
};
/** An event, the same on all doors. */
export type EventObject = {
    /** When it was committed. */
    at: Timestamp;
    /** What it says; the AsyncAPI document has the shape of each kind. */
    data: Record<string, unknown>;
    /** What happened. */
    kind: string;
    /** Its number in the log: dense, rising, in commit order. */
    seq: Seq;
    /** The topics it belongs to. */
    topics: Topic[];
    /** Always `event`. */
    type: string;
};
/** A page of events. */
export type EventPage = {
    /** The history that the numbers count in. */
    epoch: Epoch;
    /** The events, in order. */
    events: EventObject[];
    /** The newest event. */
    head: Seq;
    /** Ask for the next page with this as `since`. */
    next: Seq;
};
/** How far news are that arrived. */
export type EventStatus = "processed" | "ignored" | "deferred" | "failed";
/** The body of every failed request. */
export type FailureBody = {
    /** Stable; programs branch on it. */
    code: string;
    /** The fields at fault, or what else a program needs to know; empty when there is nothing. */
    details: Detail[];
    /** For people; it may change. */
    message: string;
    /** Always false. */
    success: boolean;
};
/** A subscription that the operator makes. */
export type ForceBody = {
    /** Who pays. */
    address: Address;
    /** To what. */
    contract_id: ContractId;
};
/** The games that can be played. */
export type GamesBody = {
    /** As the orchestrator lists them. */
    games: Record<string, unknown>[];
    /** Present when a newer list could not be had. */
    stale?: boolean;
};
/** Who gets a name. */
export type GiveBody = {
    /** The new owner's address. */
    to: Address;
};
/** A sign of life. */
export type HeartbeatBody = {
    /** What the server is called now; cut to 128 characters. */
    server_identifier?: string | null;
};
/** A token to issue. */
export type IssueBody = ProfileBody & {
    /** How long it is valid: 60 to 2,592,000 seconds; a day when absent. */
    ttl_s?: number | null;
};
/** A private key. */
export type KeyBody = {
    /** The private key of the wallet that acts. */
    privatekey: string;
};
/** Who had a session started. */
export type LaunchSource = "discord_bot" | "website" | "api";
/** How much a plan gives. */
export type Limits = {
    /** Server sessions that may be open at once. */
    max_concurrent_servers: number;
    /** Minutes of one server session at the most. */
    max_session_minutes: number;
    /** Minutes in each window, which is a month or the period when that is shorter. */
    monthly_server_minutes: number;
};
/** What proves that a wallet is the caller's. */
export type LinkBody = {
    /** The wallet's private key. It is not kept. */
    privatekey: string;
};
/** A wallet of a user. */
export type LinkedWallet = {
    /** Its address. */
    address: Address;
    /** When it was linked. */
    linked_at: Timestamp;
};
/** What to change about a wallet. */
export type LockBody = {
    /** Whether it can't log in and can't pay. */
    locked: boolean;
};
/** A private key. */
export type LoginBody = {
    /** The wallet's private key, 1 to 512 bytes, used as it is. */
    privatekey: string;
};
/** What a payer wrote on a payment: at most 255 printable ASCII characters and line breaks. A payment to a name has that name in front of it, as the programs of shops read it there. */
export type Metadata = string;
/** What stands before the `@`: 1 to 32 of `a-z0-9_-`. */
export type Metaname = string;
/** New money. */
export type MintBody = {
    /** Who gets it. */
    address: Address;
    /** How much. */
    amount: AmountText;
};
/** What a user has. */
export type MyAccess = {
    /** The answer of the access check. */
    entitlement: AccessView;
};
/** A name without its suffix: 1 to 64 of `a-z0-9`. */
export type Name = string;
/** A name after a change, and the payment that tells of it. */
export type NameDoneView = NameView & {
    /** The payment; null when nothing changed. */
    payment?: PaymentMade | null;
};
/** A name on the wire. */
export type NameView = {
    /** The name, without its suffix. */
    name: Name;
    /** Who bought it. */
    original_owner: Address;
    /** Whose it is. */
    owner: Address;
    /** Where it leads. */
    record?: ARecord | null;
    /** When it was bought. */
    registered_at: Timestamp;
    /** When it got another owner, if it did. */
    transferred_at?: Timestamp | null;
    /** When it got its owner or its record. */
    updated_at: Timestamp;
    /** Raised by 1 with each event of the name; also the `ETag`. */
    version: number;
};
/** What is to be said of news beside their status. */
export type Note = "STALE" | "UNKNOWN_STATUS" | "IDENTITY_CONFLICT" | "USER_UNKNOWN" | "USER_NOT_LINKED" | "PLAN_UNKNOWN" | "PRODUCT_ARCHIVED" | "INTERNAL";
/** Nothing more to say. */
export type Nothing = Record<string, unknown>;
/** What to change about the notice; what is absent stays. */
export type NoticeBody = {
    /** The message of the day, at most 512 characters. */
    motd?: string | null;
    /** Whether wallets may pay. While they may not, contracts are not renewed either, and nobody lapses. */
    transactions_enabled?: boolean | null;
};
/** What every client is told about the community. */
export type NoticeView = {
    /** The message of the day. */
    motd: string;
    /** When it was set. */
    motd_set_at: Timestamp;
    /** Whether wallets may pay. */
    transactions_enabled: boolean;
};
/** Why it was compared with what the provider says. */
export type Occasion = "sync" | "late" | "checkout" | "link" | "operator";
/** A contract to offer, in either spelling. */
export type OfferBody = {
    allowed_subscribers?: string[] | null;
    /** 1 to 255 characters. */
    description: string;
    max_subscribers?: number | null;
    /** The name, with or without `meta@` and suffix; the key's wallet must own it. */
    name: string;
    /** How long a term is in minutes. */
    period: number;
    /** What a term costs. */
    price: AmountText;
    /** The owner's private key. */
    privatekey: string;
};
/** The number of a contract. */
export type OfferMade = {
    id: ContractId;
};
/** A wallet. */
export type One = {
    /** It. */
    wallet: PlayerWalletView;
};
/** An entitlement. */
export type OneEntitlement = {
    /** Whose. */
    discord_user_id: DiscordId;
    /** What the user has now. */
    entitlement: AccessView;
    /** The entitlement. */
    granted: EntitlementView;
};
/** A plan. */
export type OnePlan = {
    /** The plan. */
    plan: PlanView;
};
/** A session. */
export type OneSession = {
    /** The session. */
    session: SessionView;
};
/** A window that is open. */
export type OpenWindow = {
    /** What is neither used nor held. */
    available_server_minutes: number;
    /** What of. */
    entitlement_id: EntitlementId;
    /** What the plan gives. */
    monthly_server_minutes: number;
    /** What is not used. */
    remaining_server_minutes: number;
    /** What is held for open sessions. */
    reserved_server_minutes: number;
    /** The plan. */
    tier: Tier;
    /** What was used. */
    used_server_minutes: number;
    /** When the minutes are new again. */
    window_end: Timestamp;
    /** When it began. */
    window_start: Timestamp;
};
/** A session's token. */
export type OpenedView = {
    /** The wallet. */
    address: Address;
    /** When the token ends. */
    expires: Timestamp;
    /** Goes into `Authorization: Bearer`. It is shown once. */
    token: string;
};
/** Which connection was ended. */
export type PartedView = {
    /** Its name. */
    id: string;
};
/** A payment to make. */
export type PayBody = {
    /** How much. */
    amount: AmountText;
    /** At most 255 printable ASCII characters. */
    metadata?: string | null;
    /** The payer's own name for this payment, at most 64 visible characters: repeated, it is the same payment. */
    request_id?: string | null;
    /** Who is paid: an address, or a name such as `bakery.kro` or `counter@bakery.kro`, whose owner is paid. */
    to: string;
};
/** A payment. Ids become visible in rising order: who has seen 7 will never see a new 6. */
export type PaymentId = number;
/** Why a payment was made. */
export type PaymentKind = "transfer" | "mined" | "name_purchase" | "name_transfer" | "name_a_record";
/** The data of `payment.made`. */
export type PaymentMade = {
    /** How much. */
    amount: Decimal;
    /** When. */
    at: Timestamp;
    /** Who paid. */
    from: Address;
    /** The payer's version after it: dense, so a listener to the wallet sees that nothing is missing. */
    from_version: number;
    /** The payment's number, rising. */
    id: PaymentId;
    /** What the payer wrote on it, behind the name that was paid. */
    metadata?: Metadata | null;
    /** The name that was bought, or got another owner or record. */
    name?: Name | null;
    /** The payer's own name for it. */
    request_id?: RequestId | null;
    /** What stood before the `@` of that name. */
    sent_metaname?: Metaname | null;
    /** The name whose owner was paid. */
    sent_name?: Name | null;
    /** Who was paid. */
    to: Address;
    /** The payee's version after it. */
    to_version: number;
    /** Why. */
    type: PaymentKind;
};
/** Terms that wait for the consent of a subscriber. */
export type PendingChange = ScheduleView & {
    /** Without consent the subscription ends with the first term that ends at this time or later; null: never. */
    consent_by?: Timestamp | null;
    /** The version of the contract to agree to. */
    contract_version: number;
    /** What a term will cost. */
    price: Decimal;
};
/** A plan to make, or what to change about it; what is absent stays. */
export type PlanBody = {
    /** At most 50 lines of 1 to 200 characters. */
    benefits?: string[] | null;
    /** At most 2,000 characters. */
    description?: string | null;
    /** The role that a bot gives; null for none. */
    discord_role_id?: DiscordId | null;
    /** Where it stands in a list, from low to high. */
    display_order?: number | null;
    /** Of several plans of a user, the highest counts. */
    entitlement_priority?: number | null;
    /** Days that it still works after a payment has failed, at most 90. */
    grace_days?: number | null;
    /** Whether it is for sale. What was bought stays. */
    is_active?: boolean | null;
    /** Server sessions that may be open at once, 1 to 1,000; 1 for a new plan. */
    max_concurrent_servers?: number | null;
    /** Minutes of one server session, 1 to 100,000; required for a new plan. */
    max_session_minutes?: number | null;
    /** Whole dollars, for display: at most 1,000,000. */
    monthly_price_usd?: number | null;
    /** Minutes in each window, at most 1,000,000; required for a new plan. */
    monthly_server_minutes?: number | null;
    /** 1 to 80 characters; the tier when a new plan has none. */
    name?: string | null;
    /** As what it is sold elsewhere, at most 50; for the provider `contract` the id of a contract of this hub: whoever subscribes to it with a wallet that they have linked has the plan for the term. */
    products?: Product[] | null;
};
/** A plan as everybody may see it. */
export type PlanView = Limits & {
    /** What it brings. */
    benefits: string[];
    /** What is said of it. */
    description: string;
    /** The role that comes with it. */
    discord_role_id?: DiscordId | null;
    /** Where it stands in a list. */
    display_order: number;
    /** Of several plans of a user, the highest counts. */
    entitlement_priority: number;
    /** Days that it still works after a payment has failed. */
    grace_days: number;
    /** Whether it is for sale. */
    is_active: boolean;
    /** Whole dollars, for display. */
    monthly_price_usd: number;
    /** Its name for people. */
    name: string;
    /** The first of them at Polar; null when it can't be bought there. */
    polar_product_id?: Reference | null;
    /** As which products it is sold. */
    products: Product[];
    /** Its stable name. */
    tier: Tier;
    /** When it was last changed. */
    updated_at: Timestamp;
    /** Rises by 1 with each change. */
    version: number;
};
/** What is for sale. */
export type Plans = {
    /** In the operator's order. */
    plans: PlanView[];
};
/** A player, as the game knows them. */
export type PlayerId = string;
/** What a player is called: 1 to 16 of letters, digits and `_`, as the game allows; case is kept and does not matter. */
export type PlayerName = string;
/** A wallet as clients of players know it. */
export type PlayerWalletView = {
    /** Its address. */
    address: Address;
    /** What it holds. */
    balance: Decimal;
    /** When it was made. */
    created_at: Timestamp;
    /** A number of it, which no other route takes. */
    id: WalletId;
    /** Whether it can't log in and can't pay. */
    locked: boolean;
    /** All that it ever received. */
    total_in: Decimal;
    /** All that it ever paid. */
    total_out: Decimal;
};
/** Where to go when done. */
export type PortalBody = {
    /** Whose portal; programs must say, users need not. */
    owner_discord_id?: string | null;
    /** Where the way back leads. */
    return_url?: string | null;
};
/** A way into the customer's own pages. */
export type PortalView = {
    /** Until when it works; null when it is a link for everybody. */
    expires_at?: Timestamp | null;
    /** Where. */
    url: string;
};
/** What is sold elsewhere as a plan. */
export type Product = {
    /** The provider's id of the product; for `contract` the id of a contract. */
    product_id: Reference;
    /** Where. */
    provider: Provider;
};
/** What a program says of a user; what is absent stays as it was. */
export type ProfileBody = {
    /** Discord's hash of their picture, at most 128 characters. */
    avatar?: string | null;
    /** What they want to be called, at most 100 characters. */
    display_name?: string | null;
    /** Their address, 3 to 320 characters with an @. */
    email?: string | null;
    /** Discord's unique name, at most 100 characters. */
    username?: string | null;
};
/** Where an entitlement comes from. */
export type Provider = "polar" | "comp" | "github_sponsors" | "discord_server_subscription" | "contract";
/** A contract as everybody may see it. */
export type PublicContract = ScheduleView & {
    /** Who is paid. */
    address: Address;
    /** What is paid when renewals were held up for longer than a term. */
    catch_up: CatchUp;
    /** Its number. */
    contract_id: ContractId;
    /** When it was made. */
    created_at: Timestamp;
    /** What its owner says of it. Of a restricted contract only those see it who may subscribe. */
    description?: Description | null;
    /** How many may be subscribed at once; null is any number. */
    max_subscribers?: number | null;
    /** What a term costs. */
    price: Decimal;
    /** Subscribers who have not agreed to the newest terms end with the first term that ends at this time or later. */
    require_consent_by?: Timestamp | null;
    /** Whether it is for an allow list only. */
    restricted: boolean;
    /** Whether it can be subscribed to. */
    status: ContractStatus;
    /** The version that brought the price and the schedule. */
    terms_version: number;
    /** What its owner calls it. */
    title: Title;
    /** When it was changed last. */
    updated_at: Timestamp;
    /** Raised by 1 with each event of the contract; also the `ETag`. */
    version: number;
};
/** A name to buy. */
export type PurchaseBody = {
    /** With or without its suffix. */
    name: string;
};
/** How a purchase stands. Of two news with one place in the provider's order, the later status here is the newer one. */
export type PurchaseStatus = "pending" | "failed" | "paid" | "partially_refunded" | "refunded";
/** A purchase. */
export type PurchaseView = {
    /** What was, or is to be, paid, in cents, tax included. */
    amount_cents: number;
    /** Three letters. */
    currency: string;
    /** Whose. */
    discord_user_id: DiscordId;
    /** Its number here. */
    id: number;
    /** The number on the invoice. */
    invoice?: string | null;
    /** The provider's name for it. */
    order_id: Reference;
    /** When it was made. */
    ordered_at: Timestamp;
    /** For which product. */
    product_id?: Reference | null;
    /** Where it was made. */
    provider: Provider;
    /** Why it was to be paid, in the provider's word, such as `subscription_cycle`. */
    reason?: string | null;
    /** What was given back, tax included. */
    refunded_cents: number;
    /** How it stands. */
    status: PurchaseStatus;
    /** For which subscription. */
    subscription_id?: Reference | null;
    /** The tax in it. */
    tax_cents: number;
    /** Rises by 1 with each event of the purchase. */
    version: number;
};
/** A page of purchases. */
export type PurchasesView = {
    /** The `before` of the next page; null on the last one. */
    next?: number | null;
    /** The purchases, newest first. */
    purchases: PurchaseView[];
};
/** What a provider is told of its event. */
export type ReceiptView = {
    /** What is to be said of it. */
    code?: Note | null;
    /** Whether it had been done before. */
    duplicate: boolean;
    /** How far it is. */
    status: EventStatus;
};
/** A provider's own name for a thing: 1 to 128 visible characters. */
export type Reference = string;
/** What a player is called by now. */
export type RenameBody = {
    /** What they are called. */
    username: PlayerName;
    /** The game's UUID of the player. */
    uuid: PlayerId;
};
/** A player. */
export type Renamed = {
    /** What they are called. */
    name: PlayerName;
    /** The game's UUID. */
    uuid: PlayerId;
};
/** What became of a report. Any answer of 200 means that it is stored. */
export type ReportAnswer = {
    /** What the orchestrator may do without a call of its own: `stop`. */
    commands: string[];
    /** Whether it was heard before. */
    duplicate: boolean;
    /** The report. */
    event_id: string;
    /** Where the session stands now. */
    session_status: Status;
    /** `processed`, or `ignored` when it changes nothing. */
    status: string;
};
/** A report of the orchestrator. Names in camel case are read as well, numbers as text too. */
export type ReportBody = {
    /** Why there never was a server, for programs. */
    error_code?: string | null;
    /** Why there never was a server, for people. */
    error_message?: string | null;
    /** `launch_accepted`, `ready`, `heartbeat`, `stopping`, `stopped`, `exited`, `killed` or `launch_failed`; others are taken note of and change nothing. */
    event: string;
    /** The orchestrator's name of the event, 1 to 128 characters: a repeated one changes nothing. */
    event_id: string;
    /** Where to connect. */
    host?: string | null;
    /** When it happened; the receipt when absent. */
    occurred_at?: string | null;
    /** The orchestrator's name of the session. Another one than before is another server. */
    orchestrator_session_id?: string | null;
    /** The orchestrator's own word for the state. */
    orchestrator_state?: string | null;
    /** What to connect with. */
    password?: string | null;
    /** How many players there are; only passed on. */
    players?: number | null;
    /** Where to connect, 1 to 65,535. */
    port?: number | null;
    /** Since when players can join. */
    ready_at?: string | null;
    /** Why it stops or ended. */
    reason?: string | null;
    /** How long it ran; a fraction is dropped. */
    runtime_seconds?: number | null;
    /** When the server ended. */
    stopped_at?: string | null;
};
/** The payer's own name for a payment: 1 to 64 visible ASCII characters. Only what succeeded is remembered by it. */
export type RequestId = string;
/** Topics that are lost; the connection and its other topics live. */
export type Revoked = {
    /** Why. */
    code: Code;
    /** The topics. */
    topics: Topic[];
};
/** Who has which role. */
export type Roles = {
    /** Goes into `after` for the next page; null when there is none. */
    next?: DiscordId | null;
    /** By rising id of the user. */
    standings: StandingView[];
};
/** When terms end: exactly one of these. */
export type ScheduleBody = {
    /** Five fields, in UTC: minute, hour, day of the month, month, day of the week. */
    cron_expr?: string | null;
    /** 1 to 120, counted from the day of subscribing. */
    period_months?: number | null;
    /** 60 to 315,360,000. */
    period_seconds?: number | null;
};
/** When terms end: one of these is set. */
export type ScheduleView = {
    /** At each occurrence of this cron expression of five fields, in UTC. */
    cron_expr?: string | null;
    /** Every so many months, on the day of the first or the last one of a shorter month. */
    period_months?: number | null;
    /** Every so many seconds. */
    period_seconds?: number | null;
};
/** A position in the log: dense, rising, in commit order. 0 is before the first event. */
export type Seq = number;
/** A game server's run, from its launch to its end. */
export type ServerSessionId = string;
/** A session as everybody may see it: no password, no owner. */
export type ServerView = {
    /** What the game is called. */
    game: string;
    /** Which game. */
    game_code: string;
    /** Where to connect. */
    host: string;
    /** Its name. */
    id: ServerSessionId;
    /** Where to connect; null until it is known. */
    port?: number | null;
    /** Since when players can join. */
    ready_at?: Timestamp | null;
    /** When it was ordered. */
    started_at: Timestamp;
    /** Where it stands. */
    status: Status;
    /** When it ended. */
    stopped_at?: Timestamp | null;
    /** When it has to end; null until it is ready. */
    time_limit_at?: Timestamp | null;
    /** Raised by 1 with each event of the session, so a listener sees that nothing is missing. */
    version: number;
};
/** The public name of a service key. */
export type ServiceKeyId = string;
/** The public name of a session; the token itself is a secret and never stored. */
export type SessionId = string;
/** A live session as the operator sees it. */
export type SessionRowView = {
    /** The wallet. */
    address: string;
    /** When it was opened. */
    created_at: Timestamp;
    /** When its token ends. */
    expires_at: Timestamp;
    /** The session's public id. */
    id: SessionId;
    /** What the client calls itself. */
    user_agent?: string | null;
};
/** A session as its owner, bots and the orchestrator see it. Texts that are not known are empty. */
export type SessionView = {
    /** The minutes that are reserved, and the most that it can cost. */
    allocated_minutes: number;
    /** The minutes that were charged; null until it has ended. */
    billed_minutes?: number | null;
    /** What the server is called. */
    comment: string;
    /** When it ends at the latest, as far as is known now. */
    expires_at?: Timestamp | null;
    /** What the game is called. */
    game: string;
    /** Which game. */
    game_code: string;
    /** Where to connect. */
    host: string;
    /** Its name. */
    id: ServerSessionId;
    /** The last sign of life. */
    last_heartbeat_at: Timestamp;
    /** Why there never was a server, for programs. */
    launch_error_code: string;
    /** Why there never was a server, for people. */
    launch_error_message: string;
    /** Who had it started. */
    launch_source: LaunchSource;
    /** The orchestrator's name of the session. */
    orchestrator_session_id: string;
    /** The orchestrator's own word for the state. */
    orchestrator_state: string;
    /** Whose it is. */
    owner_discord_id: DiscordId;
    /** What to connect with. */
    password: string;
    /** Where to connect; null until it is known. */
    port?: number | null;
    /** Since when players can join. */
    ready_at?: Timestamp | null;
    /** The minutes that were asked for. */
    requested_minutes: number;
    /** A name of the server for people. */
    server_identifier: string;
    /** When its minutes were reserved. */
    started_at: Timestamp;
    /** Where it stands. */
    status: Status;
    /** Why it stops, or ended. */
    stop_reason: string;
    /** When its stop was asked for. */
    stop_requested_at?: Timestamp | null;
    /** When it ended. */
    stopped_at?: Timestamp | null;
    /** When it has to end; null until it is ready. */
    time_limit_at?: Timestamp | null;
    /** When it last changed. */
    updated_at: Timestamp;
    /** Raised by 1 with each event of the session, so a listener sees that nothing is missing. */
    version: number;
};
/** A page of sessions, newest first. */
export type SessionsBody = {
    /** The `cursor` of the next page; null on the last one. */
    next_cursor?: string | null;
    /** The sessions. */
    sessions: SessionView[];
};
/** The wallets of a player. */
export type Several = {
    /** They, oldest first. */
    wallet: PlayerWalletView[];
};
/** How a subscription stood. */
export type Stand = {
    /** Whether it ends with the period. */
    cancel_at_period_end: boolean;
    /** Until when it is paid. */
    period_end: Timestamp;
    /** How. */
    status: Status;
    /** Of which plan. */
    tier: Tier;
};
/** Which plan a user has, and the role that comes with it. */
export type StandingView = {
    /** The plan's role; null when it has none. */
    discord_role_id?: DiscordId | null;
    /** Who. */
    discord_user_id: DiscordId;
    /** The plan's tier. */
    tier: Tier;
};
/** What to start. */
export type StartBody = {
    /** What the server is called; cut to 120 characters. */
    comment?: string | null;
    /** What the game is called; the code when absent. */
    game?: string | null;
    /** Which game; `gameCode` is read as well, and so are the other names in camel case. */
    game_code: string;
    /** An object of at most 4,096 characters that is kept with the session. */
    launch_context?: Record<string, unknown> | null;
    /** `api` for a program of the user's; a page and a bot are known as what they are. */
    launch_source?: string | null;
    /** For whom a bot starts. */
    owner_discord_id?: string | null;
    /** What players connect with; cut to 80 characters. */
    password?: string | null;
    /** Whole minutes, at least 5; absent, null and 0 are as long as the plan allows. */
    requested_minutes?: number | null;
};
/** How an entitlement stands with its provider. */
export type Status = "active" | "trialing" | "past_due" | "canceled" | "expired" | "inactive";
/** Why to stop. */
export type StopBody = {
    /** Cut to 80 characters; `stopped` when absent. */
    reason?: string | null;
};
/** Whose subscription. */
export type SubjectBody = {
    /** Whose; programs must say, users need not. */
    owner_discord_id?: string | null;
};
/** How to subscribe. */
export type SubscribeBody = {
    /** A higher price is refused: it may have changed since it was read. */
    max_price?: AmountText | null;
};
/** When the next term is paid, in both spellings. */
export type SubscribedOffer = {
    nextPayment?: Timestamp | null;
    next_payment?: Timestamp | null;
};
/** What subscribing came to. */
export type SubscribedView = SubscriptionView & {
    /** The payment for the first term; null when there was nothing to pay. */
    payment?: PaymentMade | null;
};
/** A subscription of one wallet to one contract. */
export type SubscriptionId = number;
/** A contract, in both spellings. */
export type SubscriptionOffer = {
    allowedSubscribers?: AllowList | null;
    /** Who may subscribe; only the owner is told. */
    allowed_subscribers?: AllowList | null;
    /** When the contract was made. */
    created: Timestamp;
    /** What is said of it. */
    description: string;
    /** Its number. */
    id: ContractId;
    maxSubscribers?: number | null;
    max_subscribers?: number | null;
    /** The name that it belongs to, such as `shop@bakery.kro`; the owner's address when it belongs to none. */
    name: string;
    nextPayment?: Timestamp | null;
    /** When it pays next. */
    next_payment?: Timestamp | null;
    /** Whether it owns the contract. */
    owns: boolean;
    /** How long a term is in minutes; 0 for one that the calendar gives. */
    period: number;
    /** What a term costs. */
    price: Decimal;
    /** `active`, `closed` or `cancelled`. */
    status: string;
    /** Whether the wallet that asks is subscribed. */
    subscribed: boolean;
    /** How many are subscribed. */
    subscribers: number;
    /** Whether it may leave. */
    unsubscribable: boolean;
};
/** A page of contracts. */
export type SubscriptionOffers = {
    /** How many are on this page. */
    count: number;
    /** They themselves. */
    subscriptions: SubscriptionOffer[];
    /** How many there are. */
    total: number;
};
/** The word for [`State`] on the wire and in the database. */
export type SubscriptionStatus = "active" | "pending" | "canceled";
/** A subscription. */
export type SubscriptionView = ScheduleView & {
    /** Who pays. */
    address: Address;
    /** Whether the wallet may end it. */
    can_unsubscribe: boolean;
    /** When the wallet asked for the end. */
    cancel_requested_at?: Timestamp | null;
    /** What it is to. */
    contract_id: ContractId;
    /** The version of the contract that the wallet agreed to. */
    contract_version: number;
    /** When it ended. */
    ended_at?: Timestamp | null;
    /** Whether the wallet has now what it paid for. */
    entitled: boolean;
    /** Until when it is paid; null when it has ended. */
    lapsed_at?: Timestamp | null;
    /** The payment for the last term. */
    last_payment_id: PaymentId;
    /** Who is paid. */
    owner_address: Address;
    /** The terms that the wallet would have to agree to. */
    pending_change?: PendingChange | null;
    /** What the next term costs. */
    price: Decimal;
    /** Why it ended. */
    reason?: EndReason | null;
    /** Whether the term is over and the renewal is on its way. */
    renewing: boolean;
    /** How often the wallet has subscribed. */
    run: number;
    /** When this run began. */
    started_at: Timestamp;
    /** `active` renews, `pending` ends with its term. */
    status: SubscriptionStatus;
    /** Its number. */
    subscription_id: SubscriptionId;
    /** The last term that was paid, from 1 in each run. */
    term: number;
    /** When that term began. */
    term_started_at: Timestamp;
    /** Raised by 1 with each event of the subscription. */
    version: number;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_AdjustedView = {
    /** Whose. */
    discord_user_id: DiscordId;
    /** Whether it was there before. */
    duplicate: boolean;
    /** What the user has now. */
    entitlement: AccessView;
    /** The entry's name. */
    entry_key: string;
    /** When the window began in which it counts. */
    window_start: Timestamp;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_BoughtAnswer = {
    /** The subscription. */
    subscription: BoughtView;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_CheckoutAnswer = CheckoutView & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_ComparedView = {
    /** What differed, and was repaired. */
    drift: Drift[];
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_Comps = {
    /** The gifts, newest first. */
    comps: CompView[];
    /** The `before` of the next page; null on the last one. */
    next?: number | null;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_GamesBody = {
    /** As the orchestrator lists them. */
    games: Record<string, unknown>[];
    /** Present when a newer list could not be had. */
    stale?: boolean;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_MyAccess = {
    /** The answer of the access check. */
    entitlement: AccessView;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_OneEntitlement = {
    /** Whose. */
    discord_user_id: DiscordId;
    /** What the user has now. */
    entitlement: AccessView;
    /** The entitlement. */
    granted: EntitlementView;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_OnePlan = {
    /** The plan. */
    plan: PlanView;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_OneSession = {
    /** The session. */
    session: SessionView;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_Plans = {
    /** In the operator's order. */
    plans: PlanView[];
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_PortalView = {
    /** Until when it works; null when it is a link for everybody. */
    expires_at?: Timestamp | null;
    /** Where. */
    url: string;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_PurchasesView = {
    /** The `before` of the next page; null on the last one. */
    next?: number | null;
    /** The purchases, newest first. */
    purchases: PurchaseView[];
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_ReceiptView = {
    /** What is to be said of it. */
    code?: Note | null;
    /** Whether it had been done before. */
    duplicate: boolean;
    /** How far it is. */
    status: EventStatus;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_ReportAnswer = {
    /** What the orchestrator may do without a call of its own: `stop`. */
    commands: string[];
    /** Whether it was heard before. */
    duplicate: boolean;
    /** The report. */
    event_id: string;
    /** Where the session stands now. */
    session_status: Status;
    /** `processed`, or `ignored` when it changes nothing. */
    status: string;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_Roles = {
    /** Goes into `after` for the next page; null when there is none. */
    next?: DiscordId | null;
    /** By rising id of the user. */
    standings: StandingView[];
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_SessionsBody = {
    /** The `cursor` of the next page; null on the last one. */
    next_cursor?: string | null;
    /** The sessions. */
    sessions: SessionView[];
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_TheirAccess = {
    /** Who. */
    discord_user_id: DiscordId;
    /** The answer of the access check. */
    entitlement: AccessView;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_Usage = {
    /** Whose. */
    discord_user_id: DiscordId;
    /** The windows and their entries. */
    usage: UsageView;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_WebhookEventAnswer = {
    /** The event, as it stands now. */
    event: WebhookEventView;
} & {
    /** Always true. */
    success: boolean;
};
/** A successful answer: `{"success":true}` and the fields of the body beside it. */
export type Success_WebhookEventsAnswer = {
    /** The events, newest first. */
    events: WebhookEventView[];
    /** The `before` of the next page; null on the last one. */
    next?: number | null;
} & {
    /** Always true. */
    success: boolean;
};
/** How much money there is. */
export type SupplyView = {
    /** The sum of all balances but the system's own. */
    supply: Decimal;
};
/** What somebody has. */
export type TheirAccess = {
    /** Who. */
    discord_user_id: DiscordId;
    /** The answer of the access check. */
    entitlement: AccessView;
};
/** A ticket for one websocket. */
export type TicketView = {
    /** Seconds until it is worth nothing. */
    expires_in_s: number;
    /** Goes into `?ticket=` of `/api/v1/ws`, once. */
    ticket: string;
};
/** The stable name of a plan: 1 to 64 of `a-z`, `0-9`, `_` and `-`, beginning with a letter or digit. */
export type Tier = string;
export type Timestamp = string;
/** What an owner calls a contract: 1 to 64 characters, none of them a control character. */
export type Title = string;
/** A user's token, shown once. */
export type TokenView = {
    /** Whose it is. */
    discord_user_id: DiscordId;
    /** When it ends. */
    expires: Timestamp;
    /** Goes into `Authorization: Bearer` or `Authorization: Token`. */
    token: string;
};
/** What a listener names to hear events: `payments`, `wallet:kabc123def`, `user:803…`. */
export type Topic = string;
/** A topic and how many listen to it. */
export type TopicView = {
    /** Connections of this node that listen to it. */
    connections: number;
    /** The topic. */
    topic: Topic;
};
/** What to change about a name. */
export type UpdateBody = {
    /** Where it leads: 1 to 255 visible ASCII characters, of which the first is none of `.?#`; null for nowhere. */
    record?: string | null;
};
/** What was used. */
export type Usage = {
    /** Whose. */
    discord_user_id: DiscordId;
    /** The windows and their entries. */
    usage: UsageView;
};
/** What was used in the windows of a time. */
export type UsageView = {
    /** The time that was asked for. */
    at: Timestamp;
    /** The entries, the newest first; at most 500. */
    entries: EntryView[];
    /** Minutes used in all windows, less what was given back. */
    used_server_minutes: number;
    /** The windows that can be used, when it was asked for now; the user's plan first. */
    windows: OpenWindow[];
};
/** What is known of a person. */
export type User = {
    /** Discord's hash of their picture. */
    avatar?: string | null;
    /** Discord's id, which is the user's own. */
    discord_user_id: DiscordId;
    /** What they want to be called. */
    display_name?: string | null;
    /** When they were linked. */
    linked_at: Timestamp;
    /** Discord's unique name; empty when nobody said it. */
    username: string;
    /** Rises by 1 with each event of the user. */
    version: number;
};
/** The public name of a user's session: of a token that a service key issued, or of a browser's cookie. */
export type UserSessionId = string;
/** A live session of a user. */
export type UserSessionView = {
    /** When it was opened. */
    created_at: Timestamp;
    /** When its token ends. */
    expires_at: Timestamp;
    /** Its public id. */
    id: UserSessionId;
    /** The service key that issued it; null when they signed in themselves. */
    issued_by?: ServiceKeyId | null;
    /** What the client calls itself. */
    user_agent?: string | null;
};
/** A user and what is theirs. */
export type UserView = User & {
    /** What a page that came by cookie sends as `X-CSRF-Token` to change something; absent for others. */
    csrf_token?: string | null;
    /** The address that Discord gave, if it did. */
    email?: string | null;
    /** Their wallets. */
    wallets: LinkedWallet[];
};
/** A wallet to make. */
export type WalletBody = {
    /** The address that its owner's private key leads to. Without one a private key is made and shown once. */
    address?: Address | null;
};
/** A wallet's version after a change. */
export type WalletChanged = {
    /** Its address. */
    address: Address;
    /** Its version. */
    version: number;
};
/** A wallet's row. Never on the wire: there a wallet is its address. */
export type WalletId = number;
/** A wallet that was made. */
export type WalletMade = {
    /** Its address. */
    address: Address;
    /** The private key, when it was made here. It is not stored: this is the only time it is shown. */
    privatekey?: string | null;
    /** Its version. */
    version: number;
};
/** A wallet on the wire. */
export type WalletView = {
    /** Its address. */
    address: Address;
    /** What it holds. */
    balance: Decimal;
    /** When it was made. */
    created_at: Timestamp;
    /** Whether it can't log in and can't pay. */
    locked: boolean;
    /** All that it ever received. */
    total_in: Decimal;
    /** All that it ever paid. */
    total_out: Decimal;
    /** Raised by 1 with each event of the wallet; also the `ETag`. */
    version: number;
};
/** The wallets of a user. */
export type WalletsView = {
    /** Whose. */
    discord_user_id: DiscordId;
    /** The wallets. */
    wallets: LinkedWallet[];
};
/** How people can sign in; a token works always. */
export type Ways = {
    /** Whether `GET /api/v1/sign-in/discord` leads to Discord. */
    discord: boolean;
};
/** An event. */
export type WebhookEventAnswer = {
    /** The event, as it stands now. */
    event: WebhookEventView;
};
/** An event of a provider. */
export type WebhookEventView = {
    /** How often it was tried, here and by the provider. */
    attempts: number;
    /** The provider's customer it waits for. */
    awaits_customer?: string | null;
    /** The product it waits for. */
    awaits_product?: string | null;
    /** The user it waits for. */
    awaits_user?: DiscordId | null;
    /** What is to be said of it. */
    code?: Note | null;
    /** The provider's name for it. */
    event_id: string;
    /** Its number here. */
    id: number;
    /** When it is tried again; null when it is not. */
    next_attempt_at?: Timestamp | null;
    /** When it was done. */
    processed_at?: Timestamp | null;
    /** Who sent it. */
    provider: Provider;
    /** When it arrived first. */
    received_at: Timestamp;
    /** How far it is. */
    status: EventStatus;
    /** When the provider told it. */
    told_at: Timestamp;
    /** Its type, in the provider's word. */
    type: string;
};
/** A page of events. */
export type WebhookEventsAnswer = {
    /** The events, newest first. */
    events: WebhookEventView[];
    /** The `before` of the next page; null on the last one. */
    next?: number | null;
};
/** When another plan begins. */
export type When = "now" | "period_end";
/** An operator did something. */
export type Acted = {
    /** What: a noun, a dot and a verb, as in `wallet.lock`. */
    action: string;
    /** Who: the public name of a service key, or `console` for a command on the host. */
    by: string;
    /** More about it; each action has its own. */
    detail: Record<string, unknown>;
    /** What that key is called. */
    name: string;
    /** To what: an address, an id, a name. */
    target: string;
};
/** What does not fit: told to the operator, and no reason to refuse a report. */
export type Anomaly = "other_server" | "failed_after_ready" | "impossible_runtime";
/** Replace the credentials of the connection. */
export type Authenticate = {
    /** A session's token or a service key. */
    token: string;
};
/** A caller on the wire. */
export type CallerView = {
    kind: "guest";
} | {
    kind: "wallet";
    /** The wallet's address. */
    wallet: Address;
} | {
    kind: "user";
    /** The id that Discord gave them. */
    user: DiscordId;
} | {
    kind: "service";
    /** What the operator called it. */
    name: string;
    /** What it may do. */
    scopes: Scopes;
};
/** A checkout was opened, or became something else. */
export type CheckoutChanged = {
    /** The checkout after it. */
    checkout: CheckoutView;
};
/** The test clock was moved. */
export type ClockAdvanced = {
    /** Who moved it: the name of a service key. */
    by: string;
    /** How far the clock is ahead of the database's own, in seconds. */
    offset_s: number;
};
/** Why a message or a request is refused. */
export type Code = "bad_request" | "unknown_type" | "unauthorized" | "token_expired" | "forbidden" | "not_found" | "limit_topics" | "rate_limited" | "too_large" | "gone" | "epoch_changed" | "unavailable" | "internal";
/** The data of `contract.*`. */
export type ContractChanged = {
    /** The fields that are no longer what they were. */
    changed: string[];
    /** The contract after the change, as everybody may see it. */
    contract: PublicContract;
};
/** The answer to `unsubscribe` and `auth`. */
export type Done = {
    /** Who the hub now believes is asking; only after `auth`. */
    caller?: CallerView | null;
    /** The id of the message. */
    id?: MessageId | null;
};
/** This hub stops soon: open a new connection at the told time, resume on it, then close this one. */
export type Drain = {
    /** When this one is closed, in milliseconds. */
    close_in_ms: number;
    /** When to open the new connection, in milliseconds. */
    reconnect_in_ms: number;
};
/** The data of `ops.drift`. */
export type DriftFound = Drift & {
    /** Who says otherwise. */
    provider: Provider;
};
/** What a user has is no longer what it was. */
export type EntitlementChanged = {
    /** The entitlement that changed; null when it was time alone that changed what the user has. */
    changed?: EntitlementView | null;
    /** Whose. */
    discord_user_id: DiscordId;
    /** What the user has now, as the access check answers it; open sessions are told by their own events. */
    entitlement: AccessView;
};
/** The token ends soon; then the connection is closed with 4403 unless `auth` brings another. */
export type Expiring = {
    /** Seconds until then. */
    in_s: number;
};
/** Something that happens now and is in no log: no `seq`, it may be missed. */
export type Hint = {
    /** Its content. */
    data: Record<string, unknown>;
    /** What it tells, such as `hub.stats`. */
    kind: string;
    /** The topics it belongs to. */
    topics: Topic[];
};
/** The catch-up of a subscription is complete. */
export type Live = {
    /** The id of the `subscribe`. */
    id?: MessageId | null;
    /** Everything up to here was sent. */
    seq: Seq;
};
/** Everything up to `seq` that is this connection's was sent: the position to persist. */
export type Mark = {
    /** The position. */
    seq: Seq;
};
/** The client's own name for the message, echoed as it was written. */
export type MessageId = string | number;
/** How a subscription begins. */
export type Mode = "live" | "resumed" | "snapshot";
/** The data of all events of names. */
export type NameChanged = NameView & {
    /** The payment that tells of it, which comes right before this event; null for an import. */
    payment_id?: PaymentId | null;
    /** Whose it was, when it has another owner. */
    previous_owner?: Address | null;
};
/** What only the operator is told. */
export type NodePulse = {
    /** Connections that are not live now. */
    behind: number;
    /** Sets of connections with equal interest now. */
    groups: number;
    /** The newest event that it knows. */
    head: number;
    /** What the node is called. */
    name: string;
    /** Events that are known to be committed and were not handed on yet. */
    relay_lag: number;
    /** Bytes of these. */
    ring_bytes: number;
    /** Events in memory now. */
    ring_events: number;
    /** Bytes sent to connections in the last second. */
    sent_bytes: number;
    /** How often sessions of wallets were opened, made new or ended, as far as the node knows since it started. When it changes, a list of sessions is old. */
    session_changes: number;
};
/** The notice was changed. */
export type NoticeChanged = NoticeView & {
    /** The fields that are no longer what they were: `motd`, `transactions_enabled`. */
    changed: string[];
};
/** A part of the snapshot of `servers`. */
export type OpenServers = {
    /** Open servers, oldest first. */
    servers: ServerView[];
};
/** A server that no session paid for was told to stop. */
export type OrphanStopped = {
    /** How often it had to be told. */
    attempts: number;
    /** The orchestrator's name of it. */
    orchestrator_session_id: string;
    /** What it was told. */
    reason: string;
    /** The session that it was launched for. */
    session_id: ServerSessionId;
};
/** Ask for a `pong`. */
export type Ping = {
    /** Anything; it comes back. */
    t?: Record<string, unknown> | null;
};
/** A plan was made or changed. */
export type PlanChanged = {
    /** The plan after it. */
    plan: PlanView;
};
/** The data of `player.linked` and `player.renamed`. */
export type PlayerChange = {
    /** The wallet. */
    address: Address;
    /** What they are called. */
    name: PlayerName;
    /** The game's UUID of the player. */
    uuid: PlayerId;
};
/** The answer to `ping`. */
export type Pong = {
    /** The id of the message. */
    id?: MessageId | null;
    /** The database's time. */
    now: Timestamp;
    /** The `t` of the message. */
    t?: Record<string, unknown> | null;
};
/** The data of `hub.stats`: what a node did in the last second. */
export type Pulse = {
    /** Connections now. */
    connections: number;
    /** Events sent to connections. */
    deliveries: number;
    /** Events committed. */
    events: number;
    /** Microseconds within which half of the deliveries were written; absent when there were none. */
    latency_p50_us?: number | null;
    /** Microseconds within which 99 of 100 deliveries were written. */
    latency_p99_us?: number | null;
    /** More about the node; only on `ops`. */
    node?: NodePulse | null;
    /** Topics listened to now. */
    topics: number;
};
/** The data of `purchase.*`. */
export type PurchaseChanged = {
    /** The purchase after it. */
    purchase: PurchaseView;
};
/** A message is refused and changed nothing. */
export type Refused = {
    /** Why. */
    code: Code;
    /** The newest event, with `gone`. */
    head?: Seq | null;
    /** The id of the message, when it could be read. */
    id?: MessageId | null;
    /** For people; it may change. */
    message: string;
    /** The oldest event that is kept, with `gone`. */
    oldest?: Seq | null;
    /** Whether the same message may succeed later. */
    retry: boolean;
    /** When, in milliseconds, rounded up. */
    retry_after_ms?: number | null;
};
/** A role to give or to take: the feed of a bot that keeps roles right. */
export type RoleChanged = {
    /** The plan's role; null when it has none. */
    discord_role_id?: DiscordId | null;
    /** Whose. */
    discord_user_id: DiscordId;
    /** Whether it is to be given; else it is to be taken. */
    granted: boolean;
    /** The plan's tier. */
    tier: Tier;
};
/** What a service key may do. */
export type Scope = "admin" | "bot" | "orchestrator";
/** The scopes of one key: at least one, each once. */
export type Scopes = Scope[];
/** The orchestrator reported something that can't be. */
export type ServerAnomaly = {
    /** What can't be. */
    anomaly: Anomaly;
    /** What it reported. */
    event: string;
    /** Its name of the report. */
    event_id: string;
    /** The server that it was about, if it said so. */
    orchestrator_session_id?: string | null;
    /** The session that it was about. */
    session_id: ServerSessionId;
};
/** The data of `server.*`: the session after the change, in the view of the topic. */
export type ServerChanged = SessionView | ServerView;
/** The data of `server.tick`: a server lives. In no log. */
export type ServerTick = {
    /** The session. */
    id: ServerSessionId;
    /** The last sign of life. */
    last_heartbeat_at: Timestamp;
    /** How many players there are, when the orchestrator says so. */
    players?: number | null;
};
/** A session has only so many minutes left. For its owner; it is no change of the session. */
export type ServerWarning = SessionView & {
    /** How many: 10, 5 or 1. */
    minutes_left: number;
};
/** The state of one topic at a position, or a part of it. */
export type SnapshotPart = {
    /** The REST body of the same resource; `null` when the topic has no state to show. */
    data: Record<string, unknown>;
    /** Whether it is the last part of this topic. */
    last: boolean;
    /** The number of the part, from 1. */
    part: number;
    /** The position. */
    seq: Seq;
    /** The topic. */
    topic: Topic;
};
/** Who has which plan. */
export type Standings = {
    /** By rising id. */
    standings: StandingView[];
};
/** Listen to topics. */
export type Subscribe = {
    /** The history that `since` counts in. */
    epoch?: string | null;
    /** Which kinds of events: `payment.made`, `payment.*` or `*`. All of them when absent. */
    kinds?: string[] | null;
    /** Continue behind this event. Only while the connection holds no topic, and with `epoch`. */
    since?: number | null;
    /** Begin with the state of each topic. */
    snapshot?: boolean | null;
    /** The topics, all of them or none. */
    topics: string[];
};
/** The answer to `subscribe`. */
export type Subscribed = {
    /** Every event of these topics from this one on is sent. */
    from: Seq;
    /** The newest event at this moment. */
    head: Seq;
    /** The id of the message. */
    id?: MessageId | null;
    /** How the subscription begins. */
    mode: Mode;
    /** The topics that were named. */
    topics: Topic[];
};
/** The data of `subscription.*`: all that a listener needs, without a second call. */
export type SubscriptionChanged = {
    /** Who pays. */
    address: Address;
    /** Whether its wallet may end it. */
    can_unsubscribe: boolean;
    /** The contract. */
    contract_id: ContractId;
    /** When it ended. */
    ended_at?: Timestamp | null;
    /** Until when it is paid; null when it has ended. */
    lapsed_at?: Timestamp | null;
    /** Who is paid. */
    owner_address: Address;
    /** The payment for that term. */
    payment_id: PaymentId;
    /** The terms that its wallet would have to agree to. */
    pending_change?: PendingChange | null;
    /** What a term costs. */
    price: Decimal;
    /** Why it ended. */
    reason?: EndReason | null;
    /** How often the wallet has subscribed. */
    run: number;
    /** Terms before it that were missed and cost nothing. */
    skipped_terms: number;
    /** Where it stands now. */
    status: SubscriptionStatus;
    /** The subscription. */
    subscription_id: SubscriptionId;
    /** The last term that was paid, from 1 in each run. */
    term: number;
    /** When that term began. */
    term_started_at: Timestamp;
    /** Its version: dense, so a listener to the subscription sees that nothing is missing. */
    version: number;
};
/** Stop listening to topics. Those that are not held are ignored. */
export type Unsubscribe = {
    /** The topics. */
    topics: string[];
};
/** The data of `usage.reserved` and `usage.released`. */
export type UsageHeld = UsageWindow & {
    /** Whose. */
    discord_user_id: DiscordId;
    /** How many minutes. */
    minutes: number;
    /** The server session. */
    session_id?: ServerSessionId | null;
};
/** The data of `usage.recorded`. */
export type UsageRecorded = UsageWindow & {
    /** Whose. */
    discord_user_id: DiscordId;
    /** The number of the entry. */
    entry_id: number;
    /** Used, or below zero given back. */
    minutes: number;
    /** What was said of it. */
    note?: string | null;
    /** Why. */
    reason: EntryReason;
    /** The server session, if it was one. */
    session_id?: ServerSessionId | null;
};
/** A share of a window's minutes is used. Each share is told once in a window. */
export type UsageThreshold = UsageWindow & {
    /** Whose. */
    discord_user_id: DiscordId;
    /** The share: 80 or 100. */
    percent: number;
};
/** How a window stands after an event. */
export type UsageWindow = {
    /** What is neither used nor held. */
    available_server_minutes: number;
    /** The entitlement. */
    entitlement_id: EntitlementId;
    /** What the plan gives in a window. */
    monthly_server_minutes: number;
    /** What is not used. */
    remaining_server_minutes: number;
    /** What is held for open sessions. */
    reserved_server_minutes: number;
    /** Its plan. */
    tier: Tier;
    /** What was used. */
    used_server_minutes: number;
    /** When it ends. */
    window_end: Timestamp;
    /** When the window began. */
    window_start: Timestamp;
};
/** A user was linked. */
export type UserLinked = {
    /** Who. */
    user: User;
};
/** The data of `wallet.created`, `wallet.locked` and `wallet.unlocked`. */
export type WalletChange = {
    /** The wallet. */
    address: Address;
    /** Its version after the change. */
    version: number;
};
/** The data of `user.wallet_linked` and `user.wallet_unlinked`. */
export type WalletLink = {
    /** Which. */
    address: Address;
    /** Whose. */
    discord_user_id: DiscordId;
    /** The user's version: dense, so a listener sees that nothing is missing. */
    version: number;
};
/** A provider's event could not be applied as it should, or says something that an operator should look at. */
export type WebhookFailed = {
    /** How often it was tried. */
    attempts: number;
    /** What is the matter. */
    code: Note;
    /** The provider's name for it. */
    event_id: string;
    /** Its number here, to replay it. */
    id: number;
    /** When it is tried again; null when it is not. */
    next_attempt_at?: Timestamp | null;
    /** Who sent it. */
    provider: Provider;
    /** How far it is. */
    status: EventStatus;
    /** Its type, in the provider's word. */
    type: string;
};
/** A provider's event of which operators were told needs them no more: it was applied, or there is nothing to apply. */
export type WebhookSettled = {
    /** How often it was tried. */
    attempts: number;
    /** The provider's name for it. */
    event_id: string;
    /** Its number here. */
    id: number;
    /** Who sent it. */
    provider: Provider;
    /** How far it is: `processed` or `ignored`. */
    status: EventStatus;
    /** Its type, in the provider's word. */
    type: string;
};
/** The first frame, at once. */
export type Welcome = {
    /** Who the hub believes is asking. */
    caller: CallerView;
    /** A name of the connection, for the log of the hub. */
    conn: string;
    /** The history that positions count in. */
    epoch: Epoch;
    /** The newest event. */
    head: Seq;
    /** What a connection may do. */
    limits: Limits;
    /** The database's time. */
    now: Timestamp;
    /** Seconds between the pings of the hub. */
    ping_s: number;
};
