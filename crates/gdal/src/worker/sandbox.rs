//! Locks the worker in: no network, no files beyond the delivery, limits on memory, time, files and written bytes.
//!
//! Network and file rules depend on the kernel; where it does not offer them, the allow-list of drivers and the limits
//! still hold.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Address space in bytes.
pub(crate) const MEMORY: u64 = 3 << 30;
/// Processor seconds.
const SECONDS: u64 = 1800;
/// Open files.
const FILES: u64 = 256;

/// True when so much memory was taken that more was probably refused: what a driver says of a file then is not the
/// file's fault.
#[allow(unsafe_code)]
pub(super) fn is_out_of_memory() -> bool {
    // SAFETY: the struct is plain numbers, for which all zero is valid, and lives through the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    // Kilobytes. A third: what grows by doubling fails when it asks for the other two.
    u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024 > MEMORY / 3
}

/// Enters the sandbox for good; true when the kernel restricts files.
#[allow(unsafe_code)]
pub(super) fn enter(delivery: &Path) -> bool {
    let limit = |what, value| {
        let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        // SAFETY: a plain system call on a struct that lives through it.
        unsafe { libc::setrlimit(what, &limit) };
    };
    limit(libc::RLIMIT_AS, MEMORY);
    limit(libc::RLIMIT_CPU, SECONDS);
    limit(libc::RLIMIT_NOFILE, FILES);
    limit(libc::RLIMIT_CORE, 0);
    limit(libc::RLIMIT_FSIZE, 0);
    // SAFETY: plain system calls without pointers; SIGXFSZ ignored makes writes past the limit fail instead of killing.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if libc::unshare(libc::CLONE_NEWNET) != 0 {
            libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET);
        }
    }
    restrict_files(delivery)
}

/// Landlock's rights (linux/landlock.h, ABI 1).
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
const ALL: u64 = (1 << 13) - 1;

#[repr(C)]
struct Ruleset {
    handled: u64,
}

#[repr(C, packed)]
struct Beneath {
    allowed: u64,
    parent: i32,
}

/// Reading is left for the delivery (the file and its siblings of the same stem, or the folder) and the system's own
/// data; writing nowhere.
#[allow(unsafe_code)]
fn restrict_files(delivery: &Path) -> bool {
    let ruleset = Ruleset { handled: ALL };
    // SAFETY: the struct lives through the call and its size is given.
    let fd = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, &ruleset as *const Ruleset, size_of::<Ruleset>(), 0)
    };
    let Ok(fd) = i32::try_from(fd) else { return false };
    if fd < 0 {
        return false;
    }
    let allow = |path: &Path, allowed: u64| {
        let Ok(name) = CString::new(path.as_os_str().as_bytes()) else { return };
        // SAFETY: the name is NUL-terminated and the struct lives through the calls; the descriptor is closed after.
        unsafe {
            let parent = libc::open(name.as_ptr(), libc::O_PATH | libc::O_CLOEXEC);
            if parent >= 0 {
                let rule = Beneath { allowed, parent };
                libc::syscall(libc::SYS_landlock_add_rule, fd, 1, &rule as *const Beneath, 0);
                libc::close(parent);
            }
        }
    };
    for system in ["/usr", "/lib", "/lib64", "/etc", "/proc", "/dev"] {
        allow(Path::new(system), READ_FILE | READ_DIR);
    }
    if delivery.is_dir() {
        allow(delivery, READ_FILE | READ_DIR);
    } else if let Some(folder) = delivery.parent() {
        allow(folder, READ_DIR);
        let stem = delivery.file_stem();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if Path::new(&entry.file_name()).file_stem() == stem && entry.path().is_file() {
                allow(&entry.path(), READ_FILE);
            }
        }
        allow(delivery, READ_FILE);
    }
    // SAFETY: a plain system call; the descriptor is ours.
    unsafe {
        let done = libc::syscall(libc::SYS_landlock_restrict_self, fd, 0) == 0;
        libc::close(fd);
        done
    }
}
