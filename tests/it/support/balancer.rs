//! One address in front of several hubs, as a load balancer gives it.

use std::sync::{Arc, Mutex};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

use super::Hub;

/// Passes each new connection on to the hub that is in front now.
pub(crate) struct Balancer {
    /// Its base URL.
    pub(crate) url: String,
    front: Arc<Mutex<String>>,
}

impl Balancer {
    /// Stands before a hub.
    pub(crate) async fn before(hub: &Hub) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let front = Arc::new(Mutex::new(hub.address.clone()));
        let chosen = Arc::clone(&front);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let address = chosen.lock().unwrap().clone();
                tokio::spawn(async move {
                    // A hub that is down is a connection that ends at once.
                    if let Ok(mut hub) = TcpStream::connect(address).await {
                        let _ = copy_bidirectional(&mut client, &mut hub).await;
                    }
                });
            }
        });
        Self { url, front }
    }

    /// Sends new connections to another hub.
    pub(crate) fn turn_to(&self, hub: &Hub) {
        self.front.lock().unwrap().clone_from(&hub.address);
    }
}
