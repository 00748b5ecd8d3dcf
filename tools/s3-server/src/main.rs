//! An S3 server on the loopback, for tests: objects in a folder, with conditional puts.
//!
//! `s3-server FOLDER KEY SECRET` prints its address on one line and serves until its standard input ends. Each folder
//! in FOLDER is a bucket; that of the name `careless` overlooks conditions, as some servers do.

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use std::io::{Read, Write};
use std::sync::Arc;
use tokio::sync::RwLock;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, key, secret] = &arguments[..] else { panic!("usage: s3-server FOLDER KEY SECRET") };
    let mut builder = S3ServiceBuilder::new(FileSystem::new(folder).expect("the folder must exist"));
    builder.set_auth(SimpleAuth::from_single(key.clone(), secret.clone()));
    let service = builder.build();
    // The crate looks whether an object exists, and then writes it: for a condition to mean anything nothing may come
    // in between, as with the real service.
    let gate = Arc::new(RwLock::new(()));

    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    println!("http://{}", listener.local_addr().expect("an address"));
    std::io::stdout().flush().expect("somebody who reads the address");
    std::thread::spawn(|| {
        let mut nothing = Vec::new();
        // Whatever ends it, whoever started this server is gone.
        _ = std::io::stdin().read_to_end(&mut nothing);
        std::process::exit(0);
    });
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (service, gate, folder) = (service.clone(), Arc::clone(&gate), folder.clone());
        let answer = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let (service, gate, folder) = (service.clone(), Arc::clone(&gate), folder.clone());
            async move {
                let reads = request.method() == hyper::Method::GET || request.method() == hyper::Method::HEAD;
                if reads {
                    let _shared = gate.read().await;
                    hyper::service::Service::call(&service, request).await
                } else {
                    let _alone = gate.write().await;
                    let path = request.uri().path();
                    if path.starts_with("/careless/") && request.headers().contains_key("if-none-match") {
                        // It is not there, or else it no longer is: the condition holds.
                        _ = std::fs::remove_file(format!("{folder}{path}"));
                    }
                    hyper::service::Service::call(&service, request).await
                }
            }
        });
        tokio::spawn(async move {
            // A client that goes away is no concern of a server.
            _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), answer).await;
        });
    }
}
