//! Prints every payment as it happens, also those that were made while the program did not run.

use std::io::Write;

use tollbell_client::{Change, FileStore, Hub, Item};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var_os("TOLLBELL_URL").and_then(|url| url.into_string().ok());
    let url = url.unwrap_or("http://127.0.0.1:8080".to_owned());
    let (hub, mut events) = Hub::builder(url)
        .topics(["payments"])
        .store(FileStore::new("position.json"))
        .connect()
        .await?;

    while let Some(item) = events.next().await {
        match item {
            Item::Event(event) => {
                if let Change::PaymentMade(paid) = event.change()? {
                    let line = format!("{} paid {} to {}", paid.from, paid.amount, paid.to);
                    writeln!(std::io::stdout(), "{} {line}", event.seq)?;
                }
            }
            Item::Gap { reason, held, .. } => {
                eprintln!("{reason:?}: read anew what changed after {}", held.seq);
            }
            Item::Status(status) => eprintln!("{status:?}"),
            _ => {}
        }
    }
    hub.close().await;
    Ok(())
}
