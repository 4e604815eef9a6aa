//! A web server of one file that misbehaves as it is told to.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Behaviour {
    Ranges,
    /// Ignores `Range` and always sends everything.
    NoRanges,
    /// Closes the connection after this many bytes of the first answer.
    BreaksOnceAfter(usize),
    Status(u16),
}

pub(crate) struct Server {
    pub url: String,
    /// First bytes that were asked for, one a request.
    pub starts: Arc<Mutex<Vec<usize>>>,
}

pub(crate) fn serve(body: Vec<u8>, behaviour: Behaviour) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/model", listener.local_addr().unwrap());
    let starts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&starts);
    let broken = AtomicUsize::new(0);
    // The thread ends with the test's process.
    std::thread::Builder::new()
        .name("test server".into())
        .spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &body, behaviour, &broken, &seen);
            }
        })
        .unwrap();
    Server { url, starts }
}

fn answer(
    mut stream: TcpStream,
    body: &[u8],
    behaviour: Behaviour,
    broken: &AtomicUsize,
    starts: &Mutex<Vec<usize>>,
) -> Option<()> {
    let mut start = 0;
    for line in BufReader::new(stream.try_clone().ok()?).lines() {
        let line = line.ok()?.to_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    starts.lock().unwrap().push(start);
    if let Behaviour::Status(status) = behaviour {
        return write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
    }
    let (head, sent) = match start {
        0 => ("200 OK".to_owned(), body),
        _ if behaviour == Behaviour::NoRanges => ("200 OK".to_owned(), body),
        _ => {
            let range = format!("bytes {start}-{}/{}", body.len() - 1, body.len());
            (format!("206 Partial Content\r\nContent-Range: {range}"), &body[start..])
        }
    };
    write!(stream, "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", sent.len()).ok()?;
    match behaviour {
        Behaviour::BreaksOnceAfter(count) if broken.fetch_add(1, Ordering::Relaxed) == 0 => {
            stream.write_all(&sent[..count]).ok()
        }
        _ => stream.write_all(sent).ok(),
    }
}
