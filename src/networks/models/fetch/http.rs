//! A plain download that goes on where an earlier one broke off (RFC 9110, section 14: range requests).

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use ureq::http::Response;
use ureq::{Agent, Body};

use super::ByteProgress;
use crate::networks::models::FetchError;
use crate::types::Cancel;

/// A machine without a network must learn so quickly: these bound how long a silent server is waited for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
const STALL_TIMEOUT: Duration = Duration::from_secs(20);

const PARTIAL_CONTENT: u16 = 206;
const RANGE_NOT_SATISFIABLE: u16 = 416;

/// Downloads `url` to `partial` until the file has `total` bytes, and says whether it went on from bytes that were
/// already there. What came before an interruption stays in `partial`.
pub(crate) fn download(
    url: &str,
    total: u64,
    partial: &Path,
    cancel: &Cancel,
    progress: ByteProgress<'_>,
) -> Result<bool, FetchError> {
    let mut have = match fs::metadata(partial) {
        Ok(meta) => meta.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(FetchError::io("read the size of", partial)(error)),
    };
    if have > total {
        have = 0;
    }
    if have == total {
        return Ok(true);
    }
    let mut response = ask(url, have)?;
    if response.status().as_u16() == RANGE_NOT_SATISFIABLE && have > 0 {
        have = 0;
        response = ask(url, have)?;
    }
    let start = accept(&response, have, total)?;
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(partial)
        .map_err(FetchError::io("create a temporary file", partial))?;
    file.set_len(start).map_err(FetchError::io("shorten", partial))?;
    file.seek(SeekFrom::End(0)).map_err(FetchError::io("seek in", partial))?;
    receive(response, &mut file, start, total, partial, cancel, progress)?;
    Ok(start > 0)
}

fn ask(url: &str, have: u64) -> Result<Response<Body>, FetchError> {
    let agent: Agent = Agent::config_builder()
        .timeout_resolve(Some(CONNECT_TIMEOUT))
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(ANSWER_TIMEOUT))
        .timeout_per_read(Some(STALL_TIMEOUT))
        .http_status_as_error(false)
        .accept_encoding("identity")
        .user_agent(concat!("likeness/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header("Range", format!("bytes={have}-"));
    }
    request.call().map_err(|error| FetchError::NoNetwork(error.to_string()))
}

/// Where the body of this answer begins in the file; an answer that cannot be the file is refused before its body.
fn accept(response: &Response<Body>, have: u64, total: u64) -> Result<u64, FetchError> {
    match response.status().as_u16() {
        200 => match response.body().content_length() {
            Some(found) if found != total => Err(FetchError::WrongSize { found, expected: total }),
            _ => Ok(0),
        },
        PARTIAL_CONTENT => {
            let range = response.headers().get("content-range").and_then(|value| value.to_str().ok());
            match range.and_then(content_range) {
                Some((start, Some(found))) if start == have && found != total => {
                    Err(FetchError::WrongSize { found, expected: total })
                }
                Some((start, _)) if start == have => Ok(have),
                _ => Err(FetchError::Status(PARTIAL_CONTENT)),
            }
        }
        status => Err(FetchError::Status(status)),
    }
}

/// `bytes 10-99/100` is (10, Some(100)); `bytes 10-99/*` is (10, None).
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (span, size) = value.strip_prefix("bytes ")?.split_once('/')?;
    let start = span.split_once('-')?.0.parse().ok()?;
    Some((start, size.parse().ok()))
}

fn receive(
    mut response: Response<Body>,
    file: &mut File,
    start: u64,
    total: u64,
    partial: &Path,
    cancel: &Cancel,
    progress: ByteProgress<'_>,
) -> Result<(), FetchError> {
    let mut body = response.body_mut().as_reader();
    let mut buffer = vec![0; 1 << 16];
    let mut done = start;
    loop {
        if cancel.is_cancelled() {
            return Err(FetchError::Cancelled);
        }
        let count = match body.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(FetchError::Interrupted { done, total, why: error.to_string() }),
        };
        if count == 0 {
            break;
        }
        if done + count as u64 > total {
            // Whatever this is, the next source must not go on from it.
            file.set_len(0).map_err(FetchError::io("shorten", partial))?;
            return Err(FetchError::WrongSize { found: done + count as u64, expected: total });
        }
        file.write_all(&buffer[..count]).map_err(FetchError::io("write", partial))?;
        done += count as u64;
        progress(done, total);
    }
    match done == total {
        true => Ok(()),
        false => Err(FetchError::Interrupted { done, total, why: "the server closed the connection".into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::content_range;

    #[test]
    fn reads_content_range() {
        assert_eq!(content_range("bytes 10-99/100"), Some((10, Some(100))));
        assert_eq!(content_range("bytes 10-99/*"), Some((10, None)));
        assert_eq!(content_range("items 1-2/3"), None);
        assert_eq!(content_range("bytes */100"), None);
    }
}
