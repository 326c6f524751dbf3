/** The data of every event, by its kind. */
export interface Events {
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
    /** Somebody bought a name, or it came with an import. */
    "name.registered": NameChanged;
    /** A name has another owner, who is paid from here on. */
    "name.transferred": NameChanged;
    /** The owner of a name changed where it leads. */
    "name.updated": NameChanged;
    /** Somebody moved the test clock of a hub that was started with --dev. */
    "ops.clock_advanced": ClockAdvanced;
    /** Money moved from one wallet to another. */
    "payment.made": PaymentMade;
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
/** The address of a wallet: `k` and nine of `a-z0-9`, or the system's own wallet. */
export type Address = string;
/** Who may subscribe: 1 to 1,000 wallets, each once, in order. */
export type AllowList = Address[];
/** A positive decimal number (or the same as a string), exact to the currency's scale. */
export type AmountText = number;
/** What is paid when renewals were held up for longer than a term. */
export type CatchUp = "one" | "all";
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
export type Data_SubscribedView = {
    /** What subscribing came to. */
    data: SubscriptionView & {
        /** The payment for the first term; null when there was nothing to pay. */
        payment?: PaymentMade | null;
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
/** A subscription that the operator makes. */
export type ForceBody = {
    /** Who pays. */
    address: Address;
    /** To what. */
    contract_id: ContractId;
};
/** Who gets a name. */
export type GiveBody = {
    /** The new owner's address. */
    to: Address;
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
/** Nothing more to say. */
export type Nothing = Record<string, unknown>;
/** A session's token. */
export type OpenedView = {
    /** The wallet. */
    address: Address;
    /** When the token ends. */
    expires: Timestamp;
    /** Goes into `Authorization: Bearer`. It is shown once. */
    token: string;
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
/** The payer's own name for a payment: 1 to 64 visible ASCII characters. Only what succeeded is remembered by it. */
export type RequestId = string;
/** Topics that are lost; the connection and its other topics live. */
export type Revoked = {
    /** Why. */
    code: Code;
    /** The topics. */
    topics: Topic[];
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
/** The session of a caller. */
export type SessionView = {
    /** The wallet. */
    address: Address;
    /** When the token ends. */
    expires: Timestamp;
    /** The session's public id. */
    id: SessionId;
};
/** How to subscribe. */
export type SubscribeBody = {
    /** A higher price is refused: it may have changed since it was read. */
    max_price?: AmountText | null;
};
/** What subscribing came to. */
export type SubscribedView = SubscriptionView & {
    /** The payment for the first term; null when there was nothing to pay. */
    payment?: PaymentMade | null;
};
/** A subscription of one wallet to one contract. */
export type SubscriptionId = number;
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
/** How much money there is. */
export type SupplyView = {
    /** The sum of all balances but the system's own. */
    supply: Decimal;
};
/** A ticket for one websocket. */
export type TicketView = {
    /** Seconds until it is worth nothing. */
    expires_in_s: number;
    /** Goes into `?ticket=` of `/api/v1/ws`, once. */
    ticket: string;
};
export type Timestamp = string;
/** What an owner calls a contract: 1 to 64 characters, none of them a control character. */
export type Title = string;
/** What a listener names to hear events: `payments`, `wallet:kabc123def`, `user:803…`. */
export type Topic = string;
/** What to change about a name. */
export type UpdateBody = {
    /** Where it leads: 1 to 255 visible ASCII characters, of which the first is none of `.?#`; null for nowhere. */
    record?: string | null;
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
    kind: "service";
    /** What the operator called it. */
    name: string;
    /** What it may do. */
    scopes: Scopes;
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
/** What a connection may do. */
export type Limits = {
    /** Bytes of one frame of the client. */
    frame_bytes: number;
    /** Messages of the client a minute. */
    messages_per_min: number;
    /** Bytes that wait for the client before it is read on from the log instead. */
    queue_bytes: number;
    /** Topics held at one time. */
    topics: number;
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
    /** Bytes of these. */
    ring_bytes: number;
    /** Events in memory now. */
    ring_events: number;
    /** Bytes sent to connections in the last second. */
    sent_bytes: number;
};
/** Ask for a `pong`. */
export type Ping = {
    /** Anything; it comes back. */
    t?: Record<string, unknown> | null;
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
    /** When, in milliseconds. */
    retry_after_ms?: number | null;
};
/** What a service key may do. */
export type Scope = "admin" | "bot" | "orchestrator";
/** The scopes of one key: at least one, each once. */
export type Scopes = Scope[];
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
/** The data of `wallet.created`, `wallet.locked` and `wallet.unlocked`. */
export type WalletChange = {
    /** The wallet. */
    address: Address;
    /** Its version after the change. */
    version: number;
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
