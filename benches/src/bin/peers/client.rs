//! A bare HTTP/1.1 client: as cheap as it gets, for it shares the cores with what it measures.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Where to send requests.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: String,
}

impl Target {
    pub(crate) fn parse(url: &str) -> io::Result<Target> {
        let bare = url.strip_prefix("http://").ok_or_else(|| io::Error::other("only http:// is measured"))?;
        Ok(Target { address: bare.split('/').next().unwrap_or(bare).to_owned() })
    }
}

/// What a run measured.
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
    pub(crate) mean_bytes: f64,
}

/// Asks for the paths in turn over `connections` connections until the span is over, at least once each. Returns the
/// figures and the last body of each path.
pub(crate) fn run(
    target: &Target,
    paths: &[String],
    encoding: &str,
    connections: usize,
    span: Duration,
) -> io::Result<(Figures, Vec<Vec<u8>>)> {
    let next = AtomicUsize::new(0);
    let bodies: Vec<Mutex<Vec<u8>>> = paths.iter().map(|_| Mutex::default()).collect();
    let began = Instant::now();
    let results: Vec<io::Result<(Vec<f32>, u64)>> = std::thread::scope(|scope| {
        let worker = || -> io::Result<(Vec<f32>, u64)> {
            let mut stream = BufReader::with_capacity(1 << 16, TcpStream::connect(&target.address)?);
            stream.get_ref().set_nodelay(true)?;
            let (mut times, mut bytes, mut body) = (Vec::new(), 0, Vec::new());
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if i >= paths.len() && began.elapsed() > span {
                    return Ok((times, bytes));
                }
                let path = &paths[i % paths.len()];
                let sent = Instant::now();
                get(&mut stream, &target.address, path, encoding, &mut body)?;
                times.push(sent.elapsed().as_secs_f32() * 1000.0);
                bytes += body.len() as u64;
                if i < paths.len() {
                    *bodies[i].lock().expect("no thread panics holding it") = body.clone();
                }
            }
        };
        let handles: Vec<_> = (0..connections).map(|_| scope.spawn(worker)).collect();
        handles
            .into_iter()
            .map(|h| h.join().unwrap_or_else(|_| Err(io::Error::other("a client died"))))
            .collect()
    });
    let elapsed = began.elapsed().as_secs_f64();
    let (mut times, mut bytes) = (Vec::new(), 0);
    for result in results {
        let (t, b) = result?;
        times.extend(t);
        bytes += b;
    }
    times.sort_by(f32::total_cmp);
    let at = |q: f64| times.get(((times.len() as f64 - 1.0) * q) as usize).copied().map_or(0.0, f64::from);
    let count = times.len().max(1) as f64;
    let figures = Figures {
        per_second: count / elapsed,
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        max_ms: at(1.0),
        mean_bytes: bytes as f64 / count,
    };
    Ok((figures, bodies.into_iter().map(|b| b.into_inner().unwrap_or_default()).collect()))
}

fn get(
    stream: &mut BufReader<TcpStream>,
    host: &str,
    path: &str,
    encoding: &str,
    body: &mut Vec<u8>,
) -> io::Result<()> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: {encoding}\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes())?;
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status: u16 = line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    if !matches!(status, 200 | 204 | 404) {
        return Err(io::Error::other(format!("{path} answered {}", line.trim())));
    }
    let mut length = 0;
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    body.resize(length, 0);
    stream.read_exact(body)
}
