//! A disk that fails at the n-th write: SQLite's own way to the disk (a VFS), with writes, syncs, truncations, new
//! files and growing shared memory counted on the thread that asked for it. Other threads' connections go through it untouched.

use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::{Mutex, Once, OnceLock};

use rusqlite::ffi;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// From the n-th write on there is no room.
    Full,
    /// The n-th write fails, and what follows works again.
    Once,
    /// Every file can be read, and none written or made.
    ReadOnly,
}

thread_local! {
    static ARMED: Cell<Option<(Fault, usize)>> = const { Cell::new(None) };
    static FAILED: Cell<usize> = const { Cell::new(0) };
}

/// Runs the work on a disk that fails at the `nth` write of this thread, counted from one. With its outcome, how often
/// the disk failed.
pub(super) fn failing<T>(fault: Fault, nth: usize, work: impl FnOnce() -> T) -> (T, usize) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(register);
    FAILED.set(0);
    ARMED.set(Some((fault, nth)));
    let outcome = work();
    ARMED.set(None);
    (outcome, FAILED.get())
}

/// Whether the write that is asked for now fails.
fn fails() -> bool {
    let Some((fault, left)) = ARMED.get() else { return false };
    ARMED.set(Some((fault, left.saturating_sub(1))));
    let fails = match fault {
        Fault::Full => left <= 1,
        Fault::Once => left == 1,
        Fault::ReadOnly => true,
    };
    FAILED.set(FAILED.get() + usize::from(fails));
    fails
}

fn is_read_only() -> bool {
    matches!(ARMED.get(), Some((Fault::ReadOnly, _)))
}

fn is_full() -> bool {
    matches!(ARMED.get(), Some((Fault::Full, _)))
}

type Open = unsafe extern "C" fn(
    *mut ffi::sqlite3_vfs,
    ffi::sqlite3_filename,
    *mut ffi::sqlite3_file,
    c_int,
    *mut c_int,
) -> c_int;
type LastError = unsafe extern "C" fn(*mut ffi::sqlite3_vfs, c_int, *mut c_char) -> c_int;
type Grow = unsafe extern "C" fn(*mut ffi::sqlite3_file, c_int, c_int, c_int, *mut *mut c_void) -> c_int;

/// The disk's own functions.
static OPEN: OnceLock<Open> = OnceLock::new();
static FILES: OnceLock<ffi::sqlite3_io_methods> = OnceLock::new();
static GROW: OnceLock<Grow> = OnceLock::new();
static LAST_ERROR: OnceLock<LastError> = OnceLock::new();

/// What the system says of a full disk.
const NO_ROOM: c_int = if cfg!(windows) { 112 } else { 28 };

fn register() {
    // SAFETY: SQLite's default VFS lives as long as the process, and so does the copy that is registered in its place.
    // The copy has the same file size and data, so that the default's own functions can be called with it.
    unsafe {
        ffi::sqlite3_initialize();
        let disk = *ffi::sqlite3_vfs_find(std::ptr::null());
        let _ = OPEN.set(disk.xOpen.unwrap());
        let _ = LAST_ERROR.set(disk.xGetLastError.unwrap());
        let (name, last_error) = (c"failing".as_ptr(), Some(last_error as LastError));
        let failing = ffi::sqlite3_vfs { zName: name, xOpen: Some(open), xGetLastError: last_error, ..disk };
        ffi::sqlite3_vfs_register(Box::into_raw(Box::new(failing)), 1);
    }
}

// SAFETY of all below: SQLite calls them as it would call the default VFS's functions, and they are handed on to these
// with the same arguments.

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let mut flags = flags;
    let is_new = flags & ffi::SQLITE_OPEN_CREATE != 0 && !name.is_null();
    // SAFETY: SQLite's names end with a zero.
    if is_full() && is_new && !unsafe { is_there(name) } && fails() {
        unsafe { (*file).pMethods = std::ptr::null() };
        return ffi::SQLITE_CANTOPEN;
    }
    if is_read_only() && flags & ffi::SQLITE_OPEN_READWRITE != 0 {
        fails();
        // As the disk's own function does it where it may not write: a file that is there is opened to be read.
        flags &= !(ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE);
        flags |= ffi::SQLITE_OPEN_READONLY;
    }
    unsafe {
        let code = (OPEN.get().unwrap())(vfs, name, file, flags, out);
        if let Some(methods) = (*file).pMethods.as_ref() {
            (*file).pMethods = with_faults(methods);
        }
        code
    }
}

unsafe fn is_there(name: ffi::sqlite3_filename) -> bool {
    unsafe { CStr::from_ptr(name) }.to_str().is_ok_and(|name| std::path::Path::new(name).exists())
}

/// The system's own word for what failed last.
unsafe extern "C" fn last_error(vfs: *mut ffi::sqlite3_vfs, length: c_int, words: *mut c_char) -> c_int {
    match is_full() && FAILED.get() > 0 {
        true => NO_ROOM,
        false => unsafe { (LAST_ERROR.get().unwrap())(vfs, length, words) },
    }
}

/// The methods of an open file with ours among them; one table for each of SQLite's.
fn with_faults(methods: &'static ffi::sqlite3_io_methods) -> &'static ffi::sqlite3_io_methods {
    static TABLES: Mutex<Option<HashMap<usize, &'static ffi::sqlite3_io_methods>>> = Mutex::new(None);
    let _ = FILES.set(*methods);
    methods.xShmMap.into_iter().for_each(|map| _ = GROW.set(map));
    let mut tables = TABLES.lock().unwrap();
    tables.get_or_insert_default().entry(std::ptr::from_ref(methods) as usize).or_insert_with(|| {
        let mut failing = *methods;
        failing.xWrite = Some(write);
        failing.xSync = Some(sync);
        failing.xTruncate = Some(truncate);
        failing.xShmMap = methods.xShmMap.map(|_| grow as _);
        Box::leak(Box::new(failing))
    })
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, bytes: c_int, at: i64) -> c_int {
    match fails() {
        true if is_full() => ffi::SQLITE_FULL,
        true => ffi::SQLITE_IOERR_WRITE,
        false => unsafe { (FILES.get().unwrap().xWrite.unwrap())(file, from, bytes, at) },
    }
}

/// Nothing is forced to the disk: these tests cut no power.
unsafe extern "C" fn sync(_: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    if fails() { ffi::SQLITE_IOERR_FSYNC } else { ffi::SQLITE_OK }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    match fails() {
        true => ffi::SQLITE_IOERR_TRUNCATE,
        false => unsafe { (FILES.get().unwrap().xTruncate.unwrap())(file, size) },
    }
}

unsafe extern "C" fn grow(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    size: c_int,
    may_grow: c_int,
    memory: *mut *mut c_void,
) -> c_int {
    // Where no file can be made there is none of these.
    match (may_grow != 0 || is_read_only()) && fails() {
        true if is_read_only() => ffi::SQLITE_CANTOPEN,
        true => ffi::SQLITE_IOERR_SHMSIZE,
        false => unsafe { (GROW.get().unwrap())(file, region, size, may_grow, memory) },
    }
}
