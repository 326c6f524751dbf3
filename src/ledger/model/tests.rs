//! The rules of a transfer, as a table: each line is an order and what becomes of it.

use chrono::DateTime;

use super::*;

const A: &str = "k8juvewcui";
const B: &str = "k7oax47quv";
const LOCKED: &str = "kwsgj3x184";
const RICH: &str = "k0duvsr4qn";
const NOBODY: &str = "kvhccnbm95";

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn target(name: &str, metaname: Option<&str>) -> Target {
    let metaname = metaname.map(|text| text.parse().unwrap());
    Target { name: name.parse().unwrap(), metaname }
}

fn wallet(id: i64, name: &str, balance: i64) -> Wallet {
    Wallet {
        id: WalletId::new(id),
        address: address(name),
        balance: Amount::minor(balance),
        floor: Amount::ZERO,
        total_in: Amount::minor(balance.max(0)),
        total_out: Amount::ZERO,
        version: 1,
        locked: name == LOCKED,
        created_at: Timestamp::new(DateTime::UNIX_EPOCH),
    }
}

fn book() -> Book {
    let mut system = wallet(1, Address::SYSTEM, 0);
    system.floor = Amount::minor(-1_000_000);
    let wallets =
        [wallet(2, A, 100), wallet(3, B, 0), wallet(4, LOCKED, 50), wallet(5, RICH, i64::MAX - 10)];
    Book::new(wallets.into_iter().chain([system]))
}

fn order(payer: &str, payee: &str, units: i64) -> Transfer {
    Transfer {
        payer: address(payer),
        payee: address(payee).into(),
        amount: Amount::minor(units).payable().unwrap(),
        kind: PaymentKind::Transfer,
        name: None,
        metadata: None,
        request_id: None,
    }
}

/// Runs orders against one book; each must end with this code, or `ok`.
fn check(orders: &[(&str, &str, i64, &str)], balances: &[(&str, i64)]) {
    let mut book = book();
    let before = sum(&book);
    for (line, (payer, payee, units, expected)) in orders.iter().enumerate() {
        let amount = Amount::minor(*units).payable().unwrap();
        let moved = book.transfer(&address(payer), &address(payee), amount);
        let said = moved.map_or_else(|refusal| refusal.code(), |_| "ok");
        assert_eq!(said, *expected, "line {line}: {payer} pays {payee} {units}");
        assert_eq!(sum(&book), before, "line {line}: money appeared or vanished");
    }
    for (name, units) in balances {
        let held = book.wallet(&address(name)).unwrap().balance;
        assert_eq!(held, Amount::minor(*units), "{name}");
    }
}

fn sum(book: &Book) -> i128 {
    book.wallets.values().map(|entry| i128::from(entry.wallet.balance.units())).sum()
}

#[test]
fn a_transfer_moves_money_or_says_why_not() {
    check(&[(A, B, 1, "ok")], &[(A, 99), (B, 1)]);
    check(&[(A, B, 100, "ok")], &[(A, 0), (B, 100)]);
    check(&[(A, B, 101, "insufficient_funds")], &[(A, 100), (B, 0)]);
    check(&[(B, A, 1, "insufficient_funds")], &[(A, 100), (B, 0)]);
    check(&[(A, A, 1, "same_wallet")], &[(A, 100)]);
    check(&[(A, NOBODY, 1, "wallet_not_found")], &[(A, 100)]);
    check(&[(NOBODY, A, 1, "wallet_not_found")], &[(A, 100)]);
    check(&[(LOCKED, A, 1, "wallet_locked")], &[(LOCKED, 50)]);
    check(&[(A, LOCKED, 1, "ok")], &[(LOCKED, 51)]);
    check(&[(A, RICH, 11, "balance_overflow")], &[(A, 100)]);
    check(&[(A, RICH, 10, "ok")], &[(RICH, i64::MAX)]);
    check(
        &[(Address::SYSTEM, B, 1_000_000, "ok")],
        &[(B, 1_000_000), (Address::SYSTEM, -1_000_000)],
    );
    check(&[(Address::SYSTEM, B, 1_000_001, "insufficient_funds")], &[(B, 0)]);
}

#[test]
fn the_first_reason_in_order_is_the_one_that_is_told() {
    check(&[(NOBODY, NOBODY, 1, "same_wallet")], &[]);
    check(&[(LOCKED, NOBODY, 1, "wallet_not_found")], &[]);
    check(&[(LOCKED, A, 1_000, "wallet_locked")], &[]);
}

#[test]
fn each_order_sees_what_the_ones_before_it_did() {
    check(
        &[
            (B, A, 1, "insufficient_funds"),
            (A, B, 100, "ok"),
            (A, B, 1, "insufficient_funds"),
            (B, A, 60, "ok"),
            (B, A, 41, "insufficient_funds"),
            (A, B, 60, "ok"),
        ],
        &[(A, 0), (B, 100)],
    );
}

#[test]
fn versions_are_dense_and_totals_add_up() {
    let mut book = book();
    let mut pay = |payer, payee, units| {
        book.transfer(&address(payer), &address(payee), Amount::minor(units).payable().unwrap())
    };
    assert_eq!(pay(A, B, 10), Ok(Versions { payer: 2, payee: 2 }));
    assert_eq!(pay(A, B, 500), Err(LedgerRefusal::InsufficientFunds));
    assert_eq!(pay(B, A, 4), Ok(Versions { payer: 3, payee: 3 }));
    for wallet in book.changed() {
        let flow = wallet.total_in.minus(wallet.total_out).unwrap();
        assert_eq!(flow, wallet.balance, "{}", wallet.address);
    }
    assert_eq!(book.changed().count(), 2);
}

#[test]
fn a_repeated_request_id_names_the_field_that_differs() {
    let payment = Payment {
        id: PaymentId::new(1),
        payer: address(A),
        payee: address(B),
        amount: Amount::minor(5),
        kind: PaymentKind::Transfer,
        name: None,
        sent: None,
        metadata: Metadata::new("a=1".into()),
        request_id: RequestId::new("r1".into()),
        at: Timestamp::new(DateTime::UNIX_EPOCH),
        payer_version: 2,
        payee_version: 2,
    };
    let same = Transfer { metadata: payment.metadata.clone(), ..order(A, B, 5) };
    assert_eq!(payment.conflict(&same), None);
    let to = |payee: Payee| Transfer { payee, ..same.clone() };
    assert_eq!(payment.conflict(&to(address(RICH).into())), Some("to"));
    let bakery = target("bakery", None);
    assert_eq!(payment.conflict(&to(Payee::Name(bakery.clone()))), Some("to"));
    let named = Payment { sent: Some(bakery.clone()), ..payment.clone() };
    // Another owner by now makes it no other request; another shelf does.
    assert_eq!(named.conflict(&to(Payee::Name(bakery))), None);
    assert_eq!(named.conflict(&to(Payee::Name(target("bakery", Some("counter"))))), Some("to"));
    assert_eq!(named.conflict(&same), Some("to"));
    assert_eq!(payment.conflict(&order(A, B, 5)), Some("metadata"));
    assert_eq!(
        payment.conflict(&Transfer { metadata: same.metadata, ..order(A, B, 6) }),
        Some("amount")
    );
}

#[test]
fn texts_on_a_payment_are_short_and_plain() {
    assert!(Metadata::new("message=hi\nthere;x=1".into()).is_some());
    assert!(Metadata::new("x".repeat(METADATA_CHARS_MAX)).is_some());
    for bad in ["x".repeat(METADATA_CHARS_MAX + 1), "é".into(), "a\tb".into(), "\0".into()] {
        assert!(Metadata::new(bad.clone()).is_none(), "{bad:?}");
    }
    assert!(RequestId::new("5f0c0c4e-1".into()).is_some());
    for bad in [String::new(), "a b".into(), "x".repeat(REQUEST_ID_CHARS_MAX + 1), "é".into()] {
        assert!(RequestId::new(bad.clone()).is_none(), "{bad:?}");
    }
}

#[test]
fn a_name_pays_its_owner_or_nobody() {
    let reach =
        Reach { owners: [("bakery".parse().unwrap(), address(B))].into(), makes_wallets: false };
    assert_eq!(reach.wallet(&Payee::Wallet(address(A))), Ok(&address(A)));
    let shelf = Payee::Name(target("bakery", Some("counter")));
    assert_eq!(reach.wallet(&shelf), Ok(&address(B)));
    let nobody = Payee::Name(target("mill", None));
    assert_eq!(reach.wallet(&nobody).unwrap_err().code(), "name_not_found");
}

#[test]
fn the_name_that_is_paid_stands_in_front_of_the_metadata() {
    let metadata = |text: &str| Metadata::new(text.into());
    let check = |rest: Option<Metadata>, expected: &str| {
        let whole = Metadata::to_name("counter@bakery.kro", rest.as_ref()).unwrap();
        assert_eq!(whole.as_str(), expected);
    };
    check(None, "counter@bakery.kro");
    check(metadata(""), "counter@bakery.kro");
    check(metadata("message=hi"), "counter@bakery.kro;message=hi");
    let longest = format!("{}@{}.kromerkr", "m".repeat(32), "n".repeat(64));
    let rest = metadata(&"x".repeat(METADATA_CHARS_MAX));
    assert!(Metadata::to_name(&longest, rest.as_ref()).is_some());
}

#[test]
fn a_note_changes_versions_and_no_money() {
    let note =
        |from, to| book().note(&address(from), &address(to)).map_err(|refusal| refusal.code());
    assert_eq!(note(A, B), Ok(Versions { payer: 2, payee: 2 }));
    assert_eq!(note(A, Address::SYSTEM), Ok(Versions { payer: 2, payee: 2 }));
    assert_eq!(note(A, A), Err("same_wallet"));
    assert_eq!(note(A, NOBODY), Err("wallet_not_found"));
    assert_eq!(note(LOCKED, A), Err("wallet_locked"));
    assert_eq!(note(A, LOCKED), Ok(Versions { payer: 2, payee: 2 }));
    let mut book = book();
    book.note(&address(A), &address(B)).unwrap();
    assert_eq!(book.wallet(&address(A)).unwrap().balance, Amount::minor(100));
}

#[test]
fn a_wallet_that_nobody_has_is_made_by_the_first_payment_to_it() {
    let (mut book, now) = (book(), Timestamp::new(DateTime::UNIX_EPOCH));
    let one = Amount::minor(1).payable().unwrap();
    book.add(&address(NOBODY), now);
    book.add(&address(A), now);
    assert_eq!(book.fresh().count(), 0, "an unpaid one needs no row");
    book.transfer(&address(B), &address(NOBODY), one).unwrap_err();
    assert_eq!(book.fresh().count(), 0, "nor one that was not paid after all");
    book.transfer(&address(A), &address(NOBODY), one).unwrap();
    assert_eq!(book.fresh().cloned().collect::<Vec<_>>(), [address(NOBODY)]);
    book.number(&address(NOBODY), WalletId::new(9));
    assert_eq!(book.fresh().count(), 0);
    assert_eq!(book.id(&address(NOBODY)), Some(WalletId::new(9)));
    assert_eq!(book.id(&address(A)), Some(WalletId::new(2)), "who has a row keeps it");
}
