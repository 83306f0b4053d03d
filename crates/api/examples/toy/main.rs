//! The front door with a toy ledger behind it, for the suites in `tests/web`.
//! `cargo run -p tallystick-api --example toy -- 127.0.0.1:4300`; the token is `tally`.

mod schema;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}/graphql", listener.local_addr()?);
    let service = schema::service(&schema::Ledger::new(), tallystick_api::Limits::default());
    let router = tallystick_api::router(std::sync::Arc::clone(&service));
    let interrupted = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    tallystick_api::serve(listener, router, service, interrupted).await;
    Ok(())
}
